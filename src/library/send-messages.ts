import { askDaemon } from '../control/client.ts'
import { exitStatus, TorchError } from '../errors.ts'
import type { HomeFiles } from '../follow/kept-runs.ts'
import { textFault } from '../plan/messages.ts'

/** Sends messages to a task with a queue, all or none, and returns their ids. */
export async function sendMessages(
  { host, paths }: HomeFiles,
  task: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  for (const text of texts) {
    const fault = typeof text === 'string' ? textFault(text) : 'a message is text'
    if (fault !== undefined)
      throw new TorchError('usage', fault, {
        exit: exitStatus.usage,
        hint: 'write larger data into a file, and send its path',
      })
  }
  if (texts.length === 0) return []
  // What a run knows of itself. A program that is no run has only a machine.
  const { TORCH_HOST, TORCH_TASK, TORCH_RUN_ID } = process.env
  const from = {
    host: TORCH_HOST || host.network.name(),
    task: TORCH_TASK || null,
    run: TORCH_RUN_ID || null,
  }
  return (await askDaemon(paths.socket, 'message', { task, texts, from })).messages
}
