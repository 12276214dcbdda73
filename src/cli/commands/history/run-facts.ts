import path from 'node:path'
import type { HistoryRow } from '../../../plan/history-row.ts'
import { readTraces, runDirectory, type RunTraces } from '../../../run/directory.ts'
import { formatDuration } from '../../../text/duration.ts'
import { counted } from '../../../text/plural.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import type { Call } from '../../command.ts'
import { attemptWords, lateWords, rowOutcome, tookWords } from './history-words.ts'
import { livesNow } from './history-table.ts'
import { plainLine, plainLines } from '../../../text/sanitize.ts'
import { exactTime, roughly, shownTime } from '../../terminal/times.ts'

type Fact = readonly [name: string, text: string]

/** All that is known of one run: its record, and what is still in its directory. */
export function runFacts(call: Call, row: HistoryRow, isServed: boolean): string {
  const { host, terminal, paths } = call
  const directory = runDirectory(paths.home, row.task, row.run ?? '')
  const traces = readTraces(host, directory)
  const facts = [
    ...recordFacts(call, row, traces, livesNow(call, [row], isServed)(row)),
    ...directoryFacts(call, row, directory, traces),
  ].filter(([, text]) => text !== '')
  const width = Math.max(...facts.map(([name]) => name.length))
  // Of a text of several lines the others stand below the first.
  const indented = (text: string) => text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)
  return facts
    .map(([name, text]) => `${terminal.paint('dim', name.padEnd(width))}  ${indented(text)}`)
    .join('\n')
}

function recordFacts(
  { host, terminal }: Call,
  row: HistoryRow,
  { description, ending }: RunTraces,
  lives: boolean,
): Fact[] {
  const outcome = rowOutcome(host, row, lives)
  const isExact = row.lateMs !== null && row.lateMs > 0
  const late = lateWords(row) || (isExact ? `${roughly(row.lateMs)} late` : 'in time')
  return [
    ['run', row.run ?? ''],
    ['task', row.task],
    ['outcome', typeof outcome === 'string' ? outcome : terminal.paint(outcome[1], outcome[0])],
    ['trigger', row.trigger ?? ''],
    ['attempt', row.attempt === null ? '' : attemptWords(row.attempt, description?.attempts)],
    ['slot', row.slot === null ? '' : `${shownTime(host, row.slot)}, started ${late}`],
    ['started', row.startedAt === null ? '' : exactTime(host, row.startedAt)],
    ['ending', ending ? `${ending.signal} since ${exactTime(host, ending.sinceMs)}` : ''],
    ['ended', row.endedAt === null ? '' : exactTime(host, row.endedAt)],
    ['took', tookWords(host, row, lives)],
    ['host', plainLine(row.host)],
    ['revision', row.revision ?? ''],
  ]
}

function directoryFacts(
  { host, paths, from }: Call,
  { run, task }: HistoryRow,
  directory: string,
  { description, conclusion, command }: RunTraces,
): Fact[] {
  if (description === undefined) return [['directory', `${directory} is gone: too old to be kept`]]
  const { timeoutMs, killAfterMs, definition } = description
  const size = host.files.facts(path.join(directory, 'output'))?.size ?? 0
  const home = from.home === 'flag' ? ` --home ${shellQuoted(paths.home)}` : ''
  const left = conclusion?.stragglers ?? 0
  return [
    ['definition', definition],
    ['command', commandText(description.command)],
    ['timeout', timeoutMs === null ? '' : formatDuration(timeoutMs)],
    ['kill after', formatDuration(killAfterMs)],
    ['pid', conclusion === undefined && command !== undefined ? String(command.pid) : ''],
    ['left behind', left === 0 ? '' : left === 1 ? '1 process' : `${left} processes`],
    ['directory', directory],
    ['output', `${counted(size, 'byte')}: torch logs ${task} --run ${run}${home}`],
  ]
}

function commandText(command: string | readonly string[]): string {
  if (typeof command === 'string') return plainLines(command).join('\n')
  return plainLine(JSON.stringify(command))
}
