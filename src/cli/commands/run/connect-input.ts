import { newLineStream, type StreamParts } from '../../../control/line-stream.ts'
import { messageOf, TorchError } from '../../../errors.ts'
import { readDescription } from '../../../run/directory.ts'
import type { Call } from '../../command.ts'
import { inputLines } from '../../terminal/input-lines.ts'

/**
 * Sends standard input to a run of a task with `input: live`, line by line, and closes the input of the run
 * at its end. Returns at once: what goes wrong is shown, and the run continues.
 */
export function connectInput(
  { host, terminal }: Call,
  run: { readonly task: string; readonly run: string; readonly directory: string },
  ask: StreamParts['ask'],
): void {
  if (readDescription(host, run.directory)?.input !== 'live') return
  // As long as the run lives: whoever waits for it sees that it does not read.
  const parts = { clock: host.clock, task: run.task, run: run.run, patienceMs: Infinity, ask }
  pump(newLineStream(parts)).catch((error: unknown) => {
    if (!isOver(error)) terminal.note(`torch: standard input: ${messageOf(error)}`)
  })

  async function pump(stream: ReturnType<typeof newLineStream>): Promise<void> {
    try {
      for await (const lines of inputLines(terminal)) await stream.send(lines)
    } finally {
      await stream.end()
    }
  }
}

/** The run has ended, or has seen the end of its input from somebody else. */
function isOver(error: unknown): boolean {
  return error instanceof TorchError && ['not-running', 'input-ended'].includes(error.code)
}
