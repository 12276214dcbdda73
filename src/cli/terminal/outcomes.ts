import type { HistoryRow, Outcome } from '../../plan/history-row.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import type { Cell } from './table.ts'
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

/**
 * How a run ended, or why there was none, in a few words: `ok`, `failed 3`, `killed SIGTERM (stop)`,
 * `skipped: at its max`, `missed 12 slots: torch was down`; `when` says when these were.
 */
export function outcomeWords(
  row: Pick<HistoryRow, 'outcome' | 'exitCode' | 'signal' | 'reason' | 'count'>,
  when = '',
): string {
  const { outcome, exitCode, signal, reason, count } = row
  const why = reason === null ? undefined : (whyNot[reason] ?? plainLine(reason))
  if (outcome === 'skipped') return `skipped: ${why ?? 'nobody knows why'}`
  if (outcome === 'missed') {
    const missed = `missed ${counted(count ?? 1, 'slot')}`
    return [when === '' ? missed : `${missed}, ${when}`, why].join(': ')
  }
  const words = [outcome, outcome === 'ok' ? null : exitCode, signal]
    .filter((fact) => fact !== null)
    .join(' ')
  return reason === null || reason === outcome ? words : `${words} (${plainLine(reason)})`
}

/** Reasons of slots that did not start. */
const whyNot: Readonly<Record<string, string>> = {
  max: 'at its max',
  draining: 'the daemon was stopping',
  removed: 'no longer in the tasks file',
  enabled: 'no longer enabled',
  hosts: 'no longer for this host',
  down: 'torch was down',
  clock: 'the machine slept, or its clock was set',
}

/** The same in the colour of the outcome; `when` as above, `more` behind it. */
export function outcomeCell(
  row: Pick<HistoryRow, 'outcome' | 'exitCode' | 'signal' | 'reason' | 'count'>,
  { when = '', more = '' } = {},
): Cell {
  const words = [outcomeWords(row, when), more].filter((part) => part !== '').join(', ')
  return [words, outcomeStyle(row.outcome)]
}

export function outcomeStyle(outcome: Outcome): Style {
  return styles[outcome]
}
