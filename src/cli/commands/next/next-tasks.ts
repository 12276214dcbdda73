import { exitStatus, TorchError } from '../../../errors.ts'
import type { PauseReport, StatusReport, TaskStatus } from '../../../control/status-report.ts'
import { pauseReport } from '../../../daemon/control/pause-request.ts'
import { readPaused } from '../../../daemon/starts/pauses.ts'
import { quietly } from '../../../host/system-error.ts'
import { jitterOn } from '../../../tasks/host-schedules.ts'
import { isDue } from '../../../schedule/due.ts'
import type { Schedule } from '../../../schedule/schedule.ts'
import { someOf } from '../../../text/plural.ts'
import { type HostFacts, matchHosts } from '../../../tasks/hosts.ts'
import { selectNames } from '../../../tasks/select.ts'
import type { Task } from '../../../tasks/task.ts'
import { factsHere, factsOfHost } from '../../args/host-facts.ts'
import {
  askForFile,
  daemonsPath,
  judgedLine,
  judgedPath,
  lastDaemonFile,
  readTasks,
  withLabels,
} from '../../daemon/tasks-file.ts'
import { pauseWords } from '../../terminal/pause-words.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'

/** The most tasks that a note names, or with a note each; more are only counted. */
const maxAwayNotes = 3

/** A task or a schedule whose start times are shown. */
export interface TimeSource {
  readonly task: string | null
  readonly schedules: readonly Schedule[]
  readonly zone: string
  readonly jitterMs: number
  /** The slot that waits for its jitter in a running daemon. */
  readonly pending?: number | undefined
  /** It starts after other tasks, and has no schedules. */
  readonly after?: Task['after']
  /** Somebody has paused it on this machine. */
  readonly paused?: PauseReport | undefined
}

/**
 * The tasks that the arguments match, or all tasks with a schedule that run on the host. Prints which
 * file they are from, and what is left out.
 */
export async function sourcesOfTasks(call: Call, values: Values): Promise<TimeSource[]> {
  const judged = await judgedPath(call, values)
  const daemon = call.from.tasks === 'flag' ? undefined : await askForFile(call)
  const facts = factsOf(call, values, daemon?.report?.host.addresses)
  const hostName = facts.names[0] ?? ''
  const path = judged ?? daemonsPath(call, values, daemon?.file)
  const isLoaded = path.absolute === daemon?.file
  const isHere = values.host === undefined
  const isNow = isHere && values.from === undefined && isLoaded
  const pending = pendingSlots(isNow ? (daemon?.report?.tasks ?? []) : [], call.host.clock.now())
  // The env files of another machine are not on this one.
  const other = isHere ? {} : { machine: facts, fileOnly: true }
  const { file } = await readTasks(call, path, other)
  if (!values.json) await call.terminal.say(judgedLine(path))
  const isAll = call.args.length === 0
  const meant = withLabels(isAll ? file.tasks : named(file.tasks, call.args), values.label)
  const here = new Set(meant.filter((task) => task.enabled && matchHosts(task.hosts, facts)))
  const common = meant.filter((task) => task.type === 'common')
  const found = isAll ? common.filter((task) => here.has(task)) : common
  const away = found.filter((task) => !here.has(task))
  const pauses = isHere
    ? pausesOf(call, found, path.absolute, isLoaded ? daemon?.report : undefined)
    : new Map<string, PauseReport>()
  if (!values.json) notePaused(call, pauses)
  if (isAll) noteLeftOut(call, meant, here, hostName)
  else noteAway(call, away, hostName)
  return found.map((task) => ({
    task: task.name,
    schedules: task.schedules,
    zone: task.timezone,
    jitterMs: jitterOn(task, hostName),
    pending: pendingOf(task, pending.get(task.name)),
    after: task.after,
    paused: pauses.get(task.name),
  }))
}

/** Which of the tasks are paused: as the daemon says, or as its home says. A home has the pauses of one tasks file. */
function pausesOf(
  call: Call,
  tasks: readonly Task[],
  file: string,
  report: StatusReport | undefined,
): Map<string, PauseReport> {
  const { host } = call
  // This command works without a home, also if the home belongs to somebody else.
  const saved = report === undefined ? quietly(() => savedPauses(call, file)) : undefined
  const passed = new Map(saved?.passed.map((each) => [each.task, each]))
  const known = new Map(report?.tasks.map((each) => [each.name, each.paused]))
  return new Map(
    tasks.flatMap(({ name }): [string, PauseReport][] => {
      const pause = saved
        ? pauseReport(saved.pauses, name, passed.get(name), host.clock.now())
        : known.get(name)
      return pause === undefined ? [] : [[name, pause]]
    }),
  )
}

function savedPauses(call: Call, file: string) {
  const { host, paths } = call
  return (lastDaemonFile(call) ?? file) === file ? readPaused(host, paths) : undefined
}

function notePaused({ host, terminal }: Call, paused: ReadonlyMap<string, PauseReport>): void {
  if (paused.size > maxAwayNotes)
    return terminal.note(`${paused.size} of these tasks are paused: torch status shows them`)
  for (const [name, pause] of paused) terminal.note(`${name} is paused ${pauseWords(host, pause)}`)
}

/** Past slots of tasks that the daemon starts once their jitter is over. */
function pendingSlots(tasks: readonly TaskStatus[], nowMs: number): Map<string, number> {
  const slots = tasks.map(({ name, next }) => [name, Date.parse(next ?? '')] as const)
  return new Map(slots.filter(([, ms]) => ms <= nowMs).map(([name, ms]) => [name, ms / 1000]))
}

/** The pending slot, unless the schedule in the file has changed since. */
function pendingOf({ schedules }: Task, slot: number | undefined): number | undefined {
  if (slot === undefined) return undefined
  return schedules.some((schedule) => isDue(schedule, slot)) ? slot : undefined
}

/** Counts the tasks that the table leaves out: not for the host, not enabled, or without a schedule. */
function noteLeftOut(
  { terminal }: Call,
  all: readonly Task[],
  here: ReadonlySet<Task>,
  hostName: string,
): void {
  const off = all.filter((task) => !task.enabled)
  const away = all.filter((task) => task.enabled && !here.has(task))
  const always = [...here].filter((task) => task.type === 'daemon')
  const manual = [...here].filter((task) => task.type === 'manual')
  const parts = [
    ...leftWords(away, `not for ${hostName}`),
    ...leftWords(off, 'not enabled'),
    ...leftWords(always, 'always running'),
    ...leftWords(manual, 'started by hand'),
  ]
  if (parts.length > 0) terminal.note(`not shown: ${parts.join('; ')}`)
}

/** `2 not enabled (a, b)` */
function leftWords(tasks: readonly Task[], why: string): string[] {
  if (tasks.length === 0) return []
  const names = tasks.map(({ name }) => name)
  return [`${tasks.length} ${why} (${someOf(names, maxAwayNotes)})`]
}

/** Notes which of the named tasks do not run on the host. */
function noteAway({ terminal }: Call, away: readonly Task[], hostName: string): void {
  if (away.length > maxAwayNotes)
    return terminal.note(`${away.length} of these tasks do not run on ${hostName}`)
  for (const { name, enabled } of away)
    terminal.note(enabled ? `${name} does not run on ${hostName}` : `${name} is not enabled`)
}

function factsOf(call: Call, values: Values, addresses: readonly string[] | undefined): HostFacts {
  const { host } = values
  if (host !== undefined) return factsOfHost(call, values, host)
  const here = factsHere(call, values)
  return addresses === undefined ? here : { ...here, addresses }
}

/** The tasks that the arguments match. A task without a schedule may match a pattern, but not be named. */
function named(tasks: readonly Task[], words: readonly string[]): Task[] {
  const names = new Set(
    selectNames(
      words,
      tasks.map((task) => task.name),
      'torch plan',
    ),
  )
  const meant = tasks.filter((task) => names.has(task.name))
  const other = meant.find((task) => task.type !== 'common' && words.includes(task.name))
  if (other === undefined) return meant
  const isDaemon = other.type === 'daemon'
  const why = isDaemon ? 'a daemon task: it always runs and' : 'a manual task: it'
  throw new TorchError('no-schedule', `${other.name} is ${why} has no start times`, {
    exit: exitStatus.usage,
    hint: isDaemon
      ? `torch status ${other.name} shows whether it runs`
      : `torch run ${other.name} starts it`,
  })
}
