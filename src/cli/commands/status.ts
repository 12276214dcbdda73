import type { StatusReport, TaskStatus } from '../../control/protocol.ts'
import { exitStatus } from '../../errors.ts'
import { statusIfRuns } from '../ask.ts'
import type { Call, Command } from '../command.ts'
import type { Cell } from '../table.ts'
import { table } from '../table.ts'
import { demandFile } from '../daemon-file.ts'
import { labelWords, noneHas, withLabels } from '../labels.ts'
import type { Values } from '../options.ts'
import { shownDistance, shownTime } from '../times.ts'
import { outcomeCell } from '../outcome-words.ts'
import { plainLine, plainLines } from '../plain.ts'
import { problemJson, showProblems } from '../problems.ts'

export const status: Command = {
  words: '[TASK]',
  mostWords: 1,
  leastWords: 0,
  options: ['label', 'address'],
  about: `What runs here, what comes next, and how it ended last time. Without a daemon it is read
from the tasks file, the run directories and the history.`,
  examples: [
    ['status', 'the daemon, its file, all tasks'],
    ['status backup --json', 'one task, for a program'],
    ['status --label team=data', 'the tasks of one team'],
  ],
  async run(call, values) {
    const whole = await wholeStatus(call, values)
    const [name] = call.words
    const named = await only(whole, name)
    const report = { ...named, tasks: withLabels(named.tasks, values.label) }
    if (values.json) {
      const file = { ...report.file, problems: report.file.problems.map(problemJson) }
      await call.terminal.say(JSON.stringify({ ...report, file }, null, 2))
      return exitStatus.done
    }
    await show(call, report)
    if (report.tasks.length < named.tasks.length && report.tasks.length === 0)
      call.terminal.note(noneHas)
    if (name !== undefined) for (const task of report.tasks) await showDetails(call, task)
    return exitStatus.done
  },
}

async function wholeStatus(call: Call, values: Values): Promise<StatusReport> {
  const report = await statusIfRuns(call)
  if (report === undefined) return (await import('../offline.ts')).offlineStatus(call, values)
  demandFile(call, values, report.file.path)
  return report
}

/** Of a name that is not in the file it says so, with the nearest one. */
async function only(report: StatusReport, name: string | undefined): Promise<StatusReport> {
  if (name === undefined) return report
  const tasks = report.tasks.filter((task) => task.name === name)
  if (tasks.length > 0) return { ...report, tasks }
  if (!report.file.ok && report.daemon === null)
    throw (await import('../tasks-file.ts')).notValid(report.file)
  const { unknownTask } = await import('../../tasks/unknown-task.ts')
  throw unknownTask(
    name,
    report.tasks.map((task) => task.name),
  )
}

async function show(call: Call, report: StatusReport): Promise<void> {
  const { host, terminal } = call
  const { daemon, file } = report
  const label = (text: string) => terminal.paint('dim', text.padEnd(8))
  await terminal.say(label('daemon') + daemonWords(call, daemon))
  const revision = file.revision === null ? '' : `, revision ${file.revision}`
  const loaded = file.loadedAt === null ? '' : `, loaded ${shownTime(host, file.loadedAt)}`
  const verdict = file.ok
    ? ''
    : terminal.paint('red', daemon === null ? ', NOT VALID' : ', NOT TAKEN')
  await terminal.say(`${label('file')}${file.path}${revision}${loaded}${verdict}`)
  await terminal.say(label('host') + [report.host.name, ...report.host.addresses].join('  '))
  if (!file.ok) {
    await terminal.say('')
    await terminal.say(showProblems(terminal, file.problems))
    if (daemon !== null) await terminal.say('The daemon goes on with the last good file.')
  }
  if (report.tasks.length === 0) return
  await terminal.say('')
  const rows = report.tasks.map((task) => row(call, task))
  await terminal.say(table(terminal, ['TASK', 'TYPE', 'NEXT', '', 'RUNNING', 'LAST'], rows))
}

/** What the file says about the one task that was asked for, below its row. */
async function showDetails({ terminal }: Call, { description, labels }: TaskStatus): Promise<void> {
  const lines = plainLines(description ?? '')
  if (description !== null) await terminal.say(lines.map((line) => `  ${line}`).join('\n'))
  const words = plainLine(labelWords(labels))
  if (words !== '') await terminal.say(`  ${terminal.paint('dim', 'labels')} ${words}`)
}

function daemonWords({ host, terminal }: Call, daemon: StatusReport['daemon']): string {
  if (daemon === null) return terminal.paint('yellow', 'not running')
  const { pid, version, startedAt, state } = daemon
  const what = state === 'draining' ? terminal.paint('yellow', 'stopping') : 'running'
  return `${what}, pid ${pid}, since ${shownTime(host, startedAt)}, torch ${version}`
}

function row({ host }: Call, task: TaskStatus): Cell[] {
  const { last } = task
  const when = last?.endedAt ?? last?.slot ?? null
  const ended = when === null ? '' : shownDistance(host, when)
  const next: Cell[] =
    task.reason === null
      ? [shownTime(host, task.next), task.next === null ? '' : shownDistance(host, task.next)]
      : [[notHere[task.reason] ?? task.reason, 'dim'], '']
  return [
    task.name,
    task.type,
    ...next,
    task.running.length === 0 ? '' : [String(task.running.length), 'green'],
    ...(last === null ? [] : [outcomeCell(last, { more: ended })]),
  ]
}

const notHere: Readonly<Record<string, string>> = {
  enabled: 'not enabled',
  hosts: 'not on this host',
}
