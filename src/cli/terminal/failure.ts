import { exitStatus, TorchError, messageOf } from '../../errors.ts'
import { plainLine, plainText } from '../../text/sanitize.ts'
import type { Terminal } from './terminal.ts'

/**
 * Shows why a command failed: one line what, one line what to try. Gives the exit status. What was
 * typed, or stands in a file, is quoted in it: none of it reaches the terminal as it is.
 */
export function showFailure(terminal: Terminal, error: unknown, verbose: boolean): number {
  if (error instanceof TorchError) {
    for (const line of error.details) terminal.note(line)
    terminal.note(`torch: ${plainLine(error.message)}`)
    if (error.hint !== undefined) terminal.note(`hint: ${plainLine(error.hint)}`)
  } else {
    terminal.note(`torch: ${plainText(messageOf(error))}`)
    if (!verbose) terminal.note('hint: --verbose shows where this comes from')
  }
  if (verbose) terminal.note(stackOf(error))
  return error instanceof TorchError ? error.exit : exitStatus.failed
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
