import { exitStatus } from '../../errors.ts'
import { signalNumbers } from '../../host/processes.ts'
import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { withShortSums } from '../../text/hash.ts'
import { howItEnded, isReplaced } from '../../text/how-it-ended.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { whyNotStarted } from '../../text/why-not-started.ts'
import type { Style } from './terminal.ts'

const styles: Readonly<Record<Outcome, Style>> = {
  running: 'cyan',
  ok: 'green',
  failed: 'red',
  timeout: 'red',
  killed: 'red',
  'spawn-failed': 'red',
  unknown: 'red',
  skipped: 'yellow',
  missed: 'yellow',
}

type OutcomeFacts = Pick<HistoryRow, 'outcome' | 'exitCode' | 'signal' | 'reason' | 'count'>

/**
 * How a run ended, or why it did not start, in a few words: `ok`, `failed 3`,
 * `killed SIGTERM (stop)`, `killed SIGTERM, exit code 0 (kill)`, `replaced (reload)`, `skipped: at its max`,
 * `missed 12 slots: torch was down`. `when` says which slots were missed.
 */
export function outcomeWords(row: OutcomeFacts, when = ''): string {
  const { outcome, reason, count } = row
  const why = reason === null ? undefined : plainLine(whyNotStarted(reason, outcome))
  const isGap = outcome === 'missed' || (outcome === 'skipped' && count !== null)
  if (isGap) {
    const passed = `${outcome} ${counted(count ?? 1, 'slot')}`
    return [when === '' ? passed : `${passed}, ${when}`, why].join(': ')
  }
  if (outcome === 'skipped') return `skipped: ${why ?? 'unknown reason'}`
  const words = howItEnded(row)
  return reason === null || reason === outcome ? words : `${words} (${plainLine(reason)})`
}

/** The same for a table: with short sums, and in the colour of the outcome. */
export function outcomeCell(row: OutcomeFacts, when = ''): readonly [text: string, style: Style] {
  return [withShortSums(outcomeWords(row, when)), styleOfRow(row)]
}

/** A run that was replaced in good order is nothing to look at. */
function styleOfRow(row: OutcomeFacts): Style {
  return isReplaced(row) ? 'dim' : outcomeStyle(row.outcome)
}

export function outcomeStyle(outcome: Outcome): Style {
  return styles[outcome]
}

/** How a run ended: from its outcome.json, or its row of the history. */
export interface Ended {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly signal: string | null
  readonly reason: string | null
}

/** As in timeout(1), env(1) and the shell. */
const timedOut = 124
const couldNotStart = 126
const firstSignal = 128

/**
 * The exit status of `torch run`: that of the command; 124 after its timeout, 128 plus the number
 * of the signal that ended it, 126 or 127 if it could not start, 1 if its end is unknown.
 */
export function exitStatusOf(ended: Ended, recorded: number | undefined): number {
  if (ended.outcome === 'timeout') return timedOut
  if (ended.exitCode !== null) return ended.exitCode
  if (ended.signal !== null) return statusOfSignal(ended.signal)
  if (ended.outcome === 'spawn-failed') return recorded ?? couldNotStart
  return exitStatus.failed
}

/** As in the shell: 143 for SIGTERM. */
export function statusOfSignal(name: string): number {
  return firstSignal + (signalNumbers[name] ?? 0)
}
