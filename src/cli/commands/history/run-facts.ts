import path from 'node:path'
import type { HistoryRow, RunScript } from '../../../plan/history-row.ts'
import { readTraces, runDirectory, type RunTraces } from '../../../run/directory.ts'
import { formatDuration } from '../../../text/duration.ts'
import { counted } from '../../../text/plural.ts'
import { commandLines, plainLine } from '../../../text/sanitize.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import type { Call } from '../../command.ts'
import { exactTime, roughly, shownTime } from '../../terminal/times.ts'
import { attemptWords, lateWords, rowOutcome, stillRuns, tookWords } from './row-words.ts'

type Fact = readonly [name: string, text: string]

/** Everything about one run: its row, and what its directory still has. */
export function runFacts(call: Call, row: HistoryRow, isServed: boolean): string {
  const { host, terminal, paths } = call
  const directory = runDirectory(paths.home, row.task, row.run ?? '')
  const traces = readTraces(host, directory)
  const facts = [
    ...recordFacts(call, row, traces, stillRuns(call, [row], isServed)(row)),
    ...directoryFacts(call, row, directory, traces),
  ].filter(([, text]) => text !== '')
  const width = Math.max(...facts.map(([name]) => name.length))
  const indented = (text: string): string => text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)
  return facts
    .map(([name, text]) => `${terminal.paint('dim', name.padEnd(width))}  ${indented(text)}`)
    .join('\n')
}

function recordFacts(
  { host, terminal }: Call,
  row: HistoryRow,
  { description, ending }: RunTraces,
  isRunning: boolean,
): Fact[] {
  const outcome = rowOutcome(host, row, isRunning)
  const isExact = row.lateMs !== null && row.lateMs > 0
  const late = lateWords(row) || (isExact ? `${roughly(row.lateMs)} late` : 'in time')
  return [
    ['run', row.run ?? ''],
    ['task', row.task],
    ['outcome', typeof outcome === 'string' ? outcome : terminal.paint(outcome[1], outcome[0])],
    [
      'trigger',
      row.by === undefined ? (row.trigger ?? '') : `${row.trigger} by ${plainLine(row.by)}`,
    ],
    ['attempt', row.attempt === null ? '' : attemptWords(row.attempt, description?.attempts)],
    ['slot', row.slot === null ? '' : `${shownTime(host, row.slot)}, started ${late}`],
    ['started', row.startedAt === null ? '' : exactTime(host, row.startedAt)],
    ['ending', ending ? `${ending.signal} since ${exactTime(host, ending.sinceMs)}` : ''],
    ['ended', row.endedAt === null ? '' : exactTime(host, row.endedAt)],
    ['took', tookWords(host, row, isRunning)],
    ['script', row.script === null ? '' : scriptWords(row.script)],
    ['token', row.token === undefined ? '' : String(row.token)],
    ['host', plainLine(row.host)],
    ['revision', row.revision ?? ''],
  ]
}

function scriptWords({ url, sha256, stale }: RunScript): string {
  const lines = [url, sha256 === null ? '' : `sha256 ${sha256}`]
  const why = stale === null ? '' : `${sha256 === null ? 'missing' : 'stale'}: ${stale}`
  return [...lines, why]
    .filter((line) => line !== '')
    .map(plainLine)
    .join('\n')
}

function directoryFacts(
  { host, paths, from }: Call,
  { run, task }: HistoryRow,
  directory: string,
  { description, conclusion, command }: RunTraces,
): Fact[] {
  if (description === undefined)
    return [['directory', `${directory} (removed: the run is too old)`]]
  const { timeoutMs, killAfterMs, definition } = description
  // A script that was never fetched has no path.
  const isUnknownScript = description.script?.sha256 === null && description.command[0] === ''
  const size = host.files.facts(path.join(directory, 'output'))?.size ?? 0
  const home = from.home === 'flag' ? ` --home ${shellQuoted(paths.home)}` : ''
  const { stragglers: left = 0, unread = 0 } = conclusion ?? {}
  return [
    ['definition', definition],
    ['command', isUnknownScript ? 'the script' : commandLines(description.command).join('\n')],
    ['timeout', timeoutMs === null ? '' : formatDuration(timeoutMs)],
    ['kill after', formatDuration(killAfterMs)],
    ['pid', conclusion === undefined && command !== undefined ? String(command.pid) : ''],
    ['unread', unread === 0 ? '' : `${counted(unread, 'byte')} of its input`],
    ['left behind', left === 0 ? '' : left === 1 ? '1 process' : `${left} processes`],
    ['directory', directory],
    ['output', `${counted(size, 'byte')}: torch logs ${task} --run ${run}${home}`],
  ]
}
