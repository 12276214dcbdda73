import type { ReloadReport } from '../control/protocol.ts'
import type { SkipReason } from '../plan/admit.ts'
import { type AgendaEntry, agendaOf } from '../plan/agenda.ts'
import { planReload } from '../plan/reload.ts'
import { freshEntry, type Timetable, timetableOf } from '../plan/slots.ts'
import { differenceOf } from '../tasks/difference.ts'
import { matchHosts } from '../tasks/hosts.ts'
import { problemLine } from '../tasks/report.ts'
import type { Task, TasksFile } from '../tasks/task.ts'
import { type Loaded, loadTasks } from './load.ts'
import { writeKnown, writeSlots } from './memory.ts'
import { fillPlaces } from './places.ts'
import { dropPending, offerWaiting } from './runner.ts'
import type { Torch } from './torch.ts'

/** What asked for a reload. */
export type ReloadCause = 'signal' | 'command' | 'file'

/** `expected`: the content that the watch saw settle; another one is not taken, it will settle too. */
export type Reload = (cause: ReloadCause, expected?: string) => Promise<ReloadReport>

/**
 * The one way to reload, whoever asks. One at a time; whoever asks while one is at work shares the
 * next, which reads the file after the question, so that a thousand signals are two reloads.
 */
export function makeReload(torch: Torch): Reload {
  let current: Promise<ReloadReport> | undefined
  let following: Promise<ReloadReport> | undefined
  let awaited: { cause: ReloadCause; expected: string | undefined }
  const begin: Reload = (cause, expected) => {
    current = reload(torch, cause, expected).finally(() => {
      current = undefined
    })
    return current
  }
  return (cause, expected) => {
    if (current === undefined) return begin(cause, expected)
    // Who asks for whatever is there gets it, also where the watch waits for a content of its own.
    if (following === undefined || expected === undefined) awaited = { cause, expected }
    following ??= current
      .catch(() => {})
      .then(() => {
        following = undefined
        return begin(awaited.cause, awaited.expected)
      })
    return following
  }
}

async function reload(
  torch: Torch,
  cause: ReloadCause,
  expected: string | undefined,
): Promise<ReloadReport> {
  const loaded = await loadTasks(torch.host, torch.settings.tasks, { machine: torch.facts })
  if (expected !== undefined && loaded.hash !== expected)
    return { ...reportOf(torch, loaded), verdict: 'unchanged' }
  if (loaded.file === undefined) return refuse(torch, loaded, cause)
  if (torch.phase === 'gone') return { ...reportOf(torch, loaded), verdict: 'unchanged' }
  const wasRefused = torch.refused !== undefined
  torch.refused = undefined
  return take(torch, { ...loaded, file: loaded.file }, cause, wasRefused)
}

/** A bad file changes nothing: the last good one stays. */
function refuse(torch: Torch, loaded: Loaded, cause: ReloadCause): ReloadReport {
  torch.refused = loaded
  const first = loaded.problems.find((problem) => problem.severity === 'error')
  torch.log.error(
    'refuse',
    {
      cause,
      file: loaded.path,
      revision: loaded.revision,
      problems: loaded.problems.map(problemLine),
    },
    `the tasks file was not taken, the last good one stays: ${first === undefined ? '' : problemLine(first)}`,
  )
  return { ...reportOf(torch, loaded), verdict: 'refused' }
}

function take(
  torch: Torch,
  loaded: Torch['loaded'],
  cause: ReloadCause,
  wasRefused: boolean,
): ReloadReport {
  const difference = differenceOf(torch.loaded.file, loaded.file)
  const changes = {
    added: difference.added.map((task) => task.name),
    removed: difference.removed.map((task) => task.name),
    changed: difference.changed.map((change) => change.after.name),
  }
  const isSame = Object.values(changes).every((names) => names.length === 0)
  torch.loaded = loaded
  applyTasks(torch)
  if (!isSame || wasRefused || cause !== 'file')
    torch.log.info(
      'load',
      {
        cause,
        file: loaded.path,
        revision: loaded.revision,
        tasks: loaded.file.tasks.length,
        ...changes,
      },
      isSame ? 'the tasks file says the same' : `the tasks file changed: ${countsOf(changes)}`,
    )
  const report: ReloadReport = {
    ...reportOf(torch, loaded),
    ...changes,
    verdict: isSame ? 'unchanged' : 'loaded',
  }
  if (isSame && cause === 'command') return freshReport(torch) ?? report
  const atMs = torch.host.clock.monotonic()
  torch.lastChange = cause === 'file' ? { report, hash: loaded.hash, atMs } : undefined
  return report
}

/** A person who edits and then types `torch reload` is slower than the watch. */
const freshMs = 5_000

/** What the watch has just taken of this very content: told to the first who asks. */
function freshReport(torch: Torch): ReloadReport | undefined {
  const last = torch.lastChange
  torch.lastChange = undefined
  if (last === undefined || last.hash !== torch.loaded.hash) return undefined
  return torch.host.clock.monotonic() - last.atMs <= freshMs ? last.report : undefined
}

function reportOf(torch: Torch, loaded: Loaded): Omit<ReloadReport, 'verdict'> {
  return {
    path: loaded.path,
    revision: loaded.revision,
    tasks: torch.loaded.file.tasks.length,
    added: [],
    removed: [],
    changed: [],
    problems: [...loaded.problems],
  }
}

function countsOf(changes: { added: string[]; removed: string[]; changed: string[] }): string {
  const { added, removed, changed } = changes
  return `${added.length} added, ${changed.length} changed, ${removed.length} removed`
}

/** The tasks of the file that are to run on this machine, by name. */
export function tasksHere(torch: Pick<Torch, 'facts'>, file: TasksFile): Map<string, Task> {
  const here = file.tasks.filter((task) => task.enabled && matchHosts(task.hosts, torch.facts))
  return new Map(here.map((task) => [task.name, task]))
}

/** Makes the tasks of the loaded file that belong here the ones that run. Also for a new address. */
export function applyTasks(torch: Torch): void {
  const before = torch.here
  torch.tasks = new Map(torch.loaded.file.tasks.map((task) => [task.name, task]))
  torch.here = tasksHere(torch, torch.loaded.file)
  const plan = planReload(before, torch.here)
  const gone = new Set(plan.drop)
  dropPending(torch, (task) => (gone.has(task) ? whyGone(torch, task) : undefined))
  for (const name of torch.last.keys()) if (!torch.tasks.has(name)) torch.last.delete(name)
  reschedule(torch, plan.keep, plan.schedule)
  // In this order: a crash between must not make slots of a new task missed ones.
  writeSlots(torch)
  writeKnown(torch)
  for (const name of plan.places) fillPlaces(torch, name)
  // There may be room now: a higher max.
  for (const name of [...torch.waiting.keys()]) offerWaiting(torch, name)
}

/** The first filter that says no. */
function whyGone(torch: Torch, name: string): SkipReason {
  const task = torch.tasks.get(name)
  if (task === undefined || torch.here.has(name)) return 'removed'
  return task.enabled ? 'hosts' : 'enabled'
}

/** Kept tasks keep their entry, so that a slot that is due in this very second is not lost. */
function reschedule(torch: Torch, keep: readonly Task[], anew: readonly Task[]): void {
  const { done, high, agenda } = torch.tick
  const timetables = new Map<string, Timetable>()
  for (const task of keep) {
    const known = torch.timetables.get(task.name)
    timetables.set(task.name, known ?? timetableOf(task, torch.room.hostName))
  }
  const entries: AgendaEntry[] = agenda.heap.filter((entry) => timetables.has(entry.task))
  const old = new Map(agenda.heap.map((entry) => [entry.task, entry]))
  for (const task of anew) {
    const table = timetableOf(task, torch.room.hostName)
    timetables.set(task.name, table)
    const entry = freshEntry(table, done, high, old.get(task.name))
    if (entry !== undefined) entries.push(entry)
  }
  torch.timetables = timetables
  torch.tick = { done, high, agenda: agendaOf(entries) }
}
