import { newLineStream, type StreamParts } from '../../../control/line-stream.ts'
import { TorchError } from '../../../errors.ts'
import { readDescription } from '../../../run/directory.ts'
import type { Call } from '../../command.ts'
import { inputLines } from '../../terminal/input-lines.ts'
import { showFailure } from '../../terminal/terminal.ts'

/** What became of standard input so far. */
export interface ConnectedInput {
  /** The exit status for this command if the run did not get all of it; undefined if it did. */
  failure(): number | undefined
}

/**
 * Sends standard input to a run of a task with `input: live`, line by line, and closes the input of the run
 * at its end. Returns at once: what goes wrong is shown, and the run continues with what it got.
 */
export function connectInput(
  { host, terminal }: Call,
  run: { readonly task: string; readonly run: string; readonly directory: string },
  ask: StreamParts['ask'],
): ConnectedInput {
  let failure: number | undefined
  if (readDescription(host, run.directory)?.input === 'live') {
    // As long as the run lives: whoever waits for it sees that it does not read.
    const parts = { clock: host.clock, task: run.task, run: run.run, patienceMs: Infinity, ask }
    void pump(newLineStream(parts))
  }
  return { failure: () => failure }

  async function pump(stream: ReturnType<typeof newLineStream>): Promise<void> {
    // BEFORE the input is closed: that may end the run, and then this command.
    await noteFailure(async () => {
      for await (const lines of inputLines(terminal)) await stream.send(lines)
    })
    await noteFailure(() => stream.end())
  }

  async function noteFailure(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      if (!isOver(error)) failure ??= showFailure(terminal, error, false)
    }
  }
}

/** The run has ended, or has seen the end of its input from somebody else. */
function isOver(error: unknown): boolean {
  return error instanceof TorchError && ['not-running', 'input-ended'].includes(error.code)
}
