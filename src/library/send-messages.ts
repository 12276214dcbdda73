import { askDaemon } from '../control/client.ts'
import { maxTexts } from '../control/request-fields.ts'
import type { HomeFiles } from '../follow/kept-runs.ts'
import { checkedTask, checkedTexts, usageError } from './arguments.ts'

/** Sends messages to a task with a queue, all or none, and returns their ids. */
export async function sendMessages(
  { host, paths }: HomeFiles,
  task: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  const request = { task: checkedTask(task), texts: checkedTexts('message', texts) }
  if (texts.length > maxTexts)
    throw usageError(
      `one call sends at most ${maxTexts} messages; got ${texts.length}`,
      'send them in several calls',
    )
  if (texts.length === 0) return []
  // What a run knows of itself. A program that is no run has only a machine.
  const { TORCH_HOST, TORCH_TASK, TORCH_RUN_ID } = process.env
  const from = {
    host: TORCH_HOST || host.network.name(),
    task: TORCH_TASK || null,
    run: TORCH_RUN_ID || null,
  }
  return (await askDaemon(paths.socket, 'message', { ...request, from })).messages
}
