import type { TestReport } from '../../control/protocol.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { deliver } from '../../notify/deliver.ts'
import { readOutbox } from '../../notify/entry-file.ts'
import { type NotifyReport, reportOf, type TargetReport } from '../../notify/report.ts'
import { openResults } from '../../notify/results.ts'
import { newTestMessage, testReport, unknownTarget } from '../../notify/test-message.ts'
import { plainLine } from '../../text/sanitize.ts'
import { nearest } from '../../text/suggest.ts'
import { usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { ask } from '../daemon/ask.ts'
import { askForFile, daemonsPath, readTasks } from '../daemon/tasks-file.ts'
import { type Cell, table } from '../terminal/table.ts'
import { shownTime } from '../terminal/times.ts'

/** Runs `torch notify`. */
export async function notify(call: Call, values: Values): Promise<number> {
  const [action, target] = call.args
  if (action === undefined) return showTargets(call, values)
  if (action !== 'test') throw unknownAction(action)
  return target === undefined ? testAll(call, values) : testTarget(call, values, target)
}

function unknownAction(action: string): TorchError {
  const meant = nearest(action, ['test'])
  const hint = meant === undefined ? 'torch notify test ops' : `did you mean ${meant}?`
  return usageError(`expected test; got ${JSON.stringify(action)}`, hint)
}

/** From the files alone: a daemon that runs writes them. */
async function showTargets(call: Call, values: Values): Promise<number> {
  const { host, paths, terminal } = call
  const { file } = await readTasks(call, daemonsPath(call, values, (await askForFile(call)).file))
  const { entries } = readOutbox(host.files, paths.outbox)
  const results = openResults(host, paths.outbox)
  const report = reportOf(file.notify, entries, results, host.clock.now())
  if (values.json) await terminal.say(JSON.stringify(report, null, 2))
  else if (report.targets.length === 0)
    terminal.note('the tasks file has no targets, and no heartbeat')
  else {
    await terminal.say(targetsTable(call, report))
    const waits = report.targets.find(mayTryNow)
    if (waits !== undefined)
      terminal.note(`torch notify test ${waits.name} tries now, and then sends what waits`)
  }
  return exitStatus.done
}

/** A target that takes messages has what waits as soon as its minute has room: a test does not change that. */
function mayTryNow({ kind, waiting, last }: TargetReport): boolean {
  return kind !== 'ping' && kind !== 'heartbeat' && waiting > 0 && last?.result !== 'delivered'
}

function targetsTable({ host, terminal }: Call, { targets }: NotifyReport): string {
  const rows = targets.map(({ name, kind, waiting, oldest, next, last }): Cell[] => [
    plainLine(name),
    kind,
    waiting === 0 ? '0' : [String(waiting), 'yellow'],
    shownTime(host, oldest),
    shownTime(host, next),
    shownTime(host, last?.at ?? null),
    resultCell(last),
  ])
  const heads = [
    { text: 'TARGET', cut: 'middle' },
    'KIND',
    'WAITING',
    { text: 'OLDEST', leave: 1 },
    { text: 'NEXT TRY', leave: 3 },
    { text: 'LAST', leave: 2 },
    { text: 'RESULT', cut: 'end' },
  ] as const
  return table(terminal, heads, rows)
}

function resultCell(last: TargetReport['last']): Cell {
  if (last === null) return ''
  const words = plainLine(last.words)
  if (last.result === 'delivered') return [`delivered: ${words}`, 'green']
  return last.result === 'waiting'
    ? [`is tried again: ${words}`, 'yellow']
    : [`failed: ${words}`, 'red']
}

async function testTarget(call: Call, values: Values, name: string): Promise<number> {
  const asked = await askDaemon(call, name)
  if (asked === undefined) noteNoDaemon(call)
  const report = asked ?? (await testHere(call, values, name))
  if (values.json) await call.terminal.say(JSON.stringify(report, null, 2))
  else await sayReport(call, report)
  return isDelivered(report) ? exitStatus.done : exitStatus.failed
}

/** One after the other, in the order of the file. */
async function testAll(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const { file } = await readTasks(call, daemonsPath(call, values, (await askForFile(call)).file))
  const { targets } = file.notify
  if (targets.length === 0)
    throw new TorchError('no-target', 'the tasks file has no targets', {
      hint: 'name them at the top of the file: notify: { ops: { webhook: URL } }',
    })
  const reports: TestReport[] = []
  let isNoted = false
  for (const { name } of targets) {
    const asked = await askDaemon(call, name)
    // FIRST the note, before the first message that this command sends.
    if (asked === undefined && !isNoted) noteNoDaemon(call)
    isNoted ||= asked === undefined
    const report = asked ?? (await testHere(call, values, name))
    reports.push(report)
    if (!values.json) await sayReport(call, report)
  }
  if (values.json) await terminal.say(JSON.stringify(reports, null, 2))
  return reports.every(isDelivered) ? exitStatus.done : exitStatus.failed
}

/** undefined: torch is not running. */
function askDaemon(call: Call, target: string): Promise<TestReport | undefined> {
  return ask(call, 'notify', { target }, 'optional')
}

function noteNoDaemon({ terminal }: Call): void {
  terminal.note('torch is not running: this command sends the messages, with its own variables')
}

async function sayReport({ terminal }: Call, report: TestReport): Promise<void> {
  const result = isDelivered(report) ? 'delivered' : 'not delivered'
  await terminal.say(`${report.target}: ${result}: ${report.words}`)
  if (report.details !== null) await terminal.say(`it said: ${plainLine(report.details)}`)
}

function isDelivered({ result }: TestReport): boolean {
  return result === 'delivered'
}

/** Without a daemon: with the user and the variables of this shell. */
async function testHere(call: Call, values: Values, name: string): Promise<TestReport> {
  const { host } = call
  const { file } = await readTasks(call, daemonsPath(call, values, undefined))
  const { targets } = file.notify
  const target = targets.find((each) => each.name === name)
  if (target === undefined) throw unknownTarget(name, targets)
  const message = newTestMessage(host.network.name(), host.clock.now())
  const never = new AbortController().signal
  const parts = { host, variables: process.env }
  return testReport(name, await deliver(parts, { kind: 'message', target, message }, never))
}
