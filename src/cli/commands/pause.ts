import type { KilledRun, PausedReport, Protocol, ResumedReport } from '../../control/protocol.ts'
import { pauseFor, planResume, reportOf } from '../../daemon/control/pause-request.ts'
import { openHome } from '../../daemon/startup/open-home.ts'
import { readClosedPlaces, writeClosedPlaces } from '../../daemon/starts/closed-places.ts'
import { readPaused, writePaused } from '../../daemon/starts/pauses.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { takeLock } from '../../host/lock.ts'
import { type PauseTarget, withPause } from '../../plan/pauses.ts'
import { selectNames } from '../../tasks/select.ts'
import { someOf } from '../../text/plural.ts'
import { usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { ask } from '../daemon/ask.ts'
import { readTasks, offlineTasksPath, requireSameFile } from '../daemon/tasks-file.ts'
import { pauseWords } from '../terminal/pause-words.ts'

/** Tasks that a line names; more are only counted. */
const maxNamed = 20

/** Runs `torch pause`: by the daemon if one runs. */
export async function pauseTasks(call: Call, values: Values): Promise<number> {
  const { host, terminal } = call
  const request = {
    ...targetOf(call, values, 'pause'),
    ...endOf(values, host.clock.now()),
    ...(values.reason !== undefined && { reason: values.reason }),
    ...(values.stop === true && { stop: true }),
    by: callerName(call),
  }
  const report = await change(call, values, 'pause', request, () =>
    pauseInFile(call, values, request),
  )
  if (values.json) await terminal.say(JSON.stringify(report, null, 2))
  else await terminal.say(pausedLines(call, report).join('\n'))
  return exitStatus.done
}

function pausedLines(
  { host }: Pick<Call, 'host'>,
  { tasks, pause, stopping }: PausedReport,
): string[] {
  const words = pauseWords(host, pause)
  const verb = tasks === 'all' || tasks.length > 1 ? 'are' : 'is'
  return [
    `${targetWords(tasks)} ${verb} paused ${words}`,
    ...stopping.map(({ run, task }: KilledRun) => `ending ${task} ${run}`),
  ]
}

function targetWords(tasks: PauseTarget): string {
  return tasks === 'all' ? 'all tasks' : someOf([...tasks], maxNamed)
}

/** Runs `torch resume`: by the daemon if one runs. */
export async function resumeTasks(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const request = { ...targetOf(call, values, 'resume'), by: callerName(call) }
  const report = await change(call, values, 'resume', request, () =>
    resumeInFile(call, values, request),
  )
  if (values.json) await terminal.say(JSON.stringify(report, null, 2))
  else await sayResumed(call, request, report)
  return exitStatus.done
}

async function sayResumed(
  { terminal }: Call,
  request: Protocol['resume']['request'],
  { all, tasks, left }: ResumedReport,
): Promise<void> {
  if (all) await terminal.say('resumed all tasks')
  if (tasks.length > 0) await terminal.say(`resumed ${targetWords(tasks)}`)
  if (!all && tasks.length === 0)
    terminal.note(
      request.all
        ? 'nothing was paused'
        : `neither paused nor given up: ${request.tasks.join(', ')}`,
    )
  if (request.all && left.length > 0)
    terminal.note(`still paused by name: ${someOf([...left], maxNamed)}`)
}

/** The tasks of a command line. Throws a usage error without any, and for `--all` with some. */
function targetOf({ args }: Call, { all = false }: Values, command: string) {
  if (all && args.length > 0)
    throw usageError('--all and tasks exclude each other', `torch ${command} --all`)
  if (!all && args.length === 0)
    throw usageError('no task is given', `torch ${command} TASK, or torch ${command} --all`)
  return all ? { tasks: [], all } : { tasks: args }
}

function endOf({ for: forMs, until }: Values, nowMs: number): { until?: string } {
  if (forMs !== undefined && until !== undefined)
    throw usageError('--for and --until exclude each other', 'give one of them')
  const untilMs = forMs === undefined ? until : nowMs + forMs
  return untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }
}

/** Who types: root may be somebody else, see sudo(8). */
function callerName({ host }: Pick<Call, 'host'>): string {
  const { name } = host.accounts.self()
  const behind = process.env['SUDO_USER'] ?? ''
  return behind === '' || behind === name ? name : `${behind} (as ${name})`
}

/** The daemon changes what is paused, or without one this command, with the lock of the home. */
async function change<N extends 'pause' | 'resume'>(
  call: Call,
  values: Values,
  name: N,
  request: Protocol[N]['request'],
  inFile: () => Promise<Protocol[N]['reply']>,
): Promise<Protocol[N]['reply']> {
  const { host, paths, terminal } = call
  const status = await ask(call, 'status', {}, 'optional')
  if (status !== undefined) {
    await requireSameFile(call, values, status.file.path)
    return ask(call, name, request, 'required')
  }
  openHome(host, paths.home)
  const lock = await takeLock(host, paths.lock)
  if (lock === undefined)
    throw new TorchError('daemon-silent', `a torch daemon is just starting on ${paths.home}`, {
      hint: 'try again in a moment',
    })
  try {
    const report = await inFile()
    terminal.note('torch is not running: this holds for the next daemon')
    return report
  } finally {
    lock.release()
  }
}

async function pauseInFile(
  call: Call,
  values: Values,
  request: Protocol['pause']['request'],
): Promise<PausedReport> {
  const { host, paths } = call
  const pause = pauseFor(request, host.clock.now(), '')
  const target = request.all ? 'all' : selectNames(request.tasks, await namesInFile(call, values))
  const file = readPaused(host, paths)
  writePaused(host, paths, { ...file, pauses: withPause(file.pauses, target, pause) })
  return { tasks: target, pause: reportOf(pause, target === 'all', 0), stopping: [] }
}

async function resumeInFile(
  call: Call,
  values: Values,
  request: Protocol['resume']['request'],
): Promise<ResumedReport> {
  const { host, paths } = call
  const file = readPaused(host, paths)
  const closed = readClosedPlaces(host, paths)
  const names = request.all ? [] : await namesInFile(call, values)
  const before = { pauses: file.pauses, closed: [...closed.keys()] }
  const { pauses, opened, report } = planResume(before, request, names, host.clock.now())
  writePaused(host, paths, { ...file, pauses })
  for (const task of opened) closed.delete(task)
  if (opened.length > 0) writeClosedPlaces(host, paths, closed)
  return report
}

async function namesInFile(call: Call, values: Values): Promise<string[]> {
  const { file } = await readTasks(call, offlineTasksPath(call, values))
  return file.tasks.map(({ name }) => name)
}
