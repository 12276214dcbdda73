import type { HistoryRow, Outcome } from '../plan/outcome.ts'
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

/** How a run ended, in a few words: `ok`, `failed 3`, `killed SIGTERM (stop)`, `missed 12 (down)`. */
export function outcomeWords(
  row: Pick<HistoryRow, 'outcome' | 'exitCode' | 'signal' | 'reason' | 'count'>,
): string {
  const { outcome, exitCode, signal, reason, count } = row
  const facts = [outcome, outcome === 'ok' ? null : exitCode, signal, count]
  const words = facts.filter((fact) => fact !== null).join(' ')
  return reason === null ? words : `${words} (${reason})`
}

export function outcomeCell(row: HistoryRow, more = ''): Cell {
  return [[outcomeWords(row), more].filter((part) => part !== '').join(', '), styles[row.outcome]]
}
