import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { hardLimit, limitBounds } from '../run/limit-bounds.ts'
import { limitsOverBounds } from '../tasks/machine-bounds.ts'
import type { Task } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'
import { sizeText } from '../text/size.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  namesOf,
  note,
  ok,
  warning,
} from './finding.ts'
import { textOf } from './probe.ts'

/** How much this machine allows the daemon, or this process if no daemon runs. */
export interface LimitFacts {
  readonly memory: MemoryFacts
  /** The number of files that the daemon may open. */
  readonly descriptors: number
  readonly processes: ProcessFacts
  /** undefined: no task here has limits. */
  readonly limits: TaskLimitFacts | undefined
  /** undefined: the system has no inotify. */
  readonly watching: WatchFacts | undefined
}

interface MemoryFacts {
  readonly availableBytes: number
  /** The limit of the control group; undefined: none. */
  readonly limitBytes: number | undefined
}

interface ProcessFacts {
  /** Infinity: no limit. */
  readonly most: number
  /** What sets the limit: `ulimit -u` or `pids.max`. */
  readonly by: string
  /** How many runs the tasks here may have at the same time; `unlimited` counts as one. */
  readonly runs: number
}

interface TaskLimitFacts {
  /** How many tasks here have limits. */
  readonly tasks: number
  /** Those with a limit that this machine does not allow. */
  readonly over: readonly { readonly task: string; readonly problem: string }[]
}

/** inotify(7): how much one user may use, and uses. */
interface WatchFacts {
  readonly instances: Usage
  readonly watches: Usage
}

interface Usage {
  readonly most: number
  /** undefined: there are too many descriptors to look at. */
  readonly used: number | undefined
}

/**
 * Probes how much this machine allows. `here`: the tasks that run here, if known; `daemon`: the pid
 * of the daemon, if it runs. Never throws.
 */
export function probeLimits(
  host: Host,
  here: readonly Task[] | undefined,
  daemon: number | undefined,
): LimitFacts {
  const limits = textOf(host, `/proc/${daemon ?? 'self'}/limits`)
  return {
    memory: memoryOf(host, daemon),
    // The hard limit counts: Node raises its own soft limit to it.
    descriptors: hardLimit(limits, 'Max open files'),
    processes: { ...processLimit(host, limits, daemon), runs: concurrentRuns(here ?? []) },
    limits: taskLimits(host, here ?? [], daemon),
    watching: watchingOf(host),
  }
}

/** What the start of a run checks too, but with the bounds of the daemon. */
function taskLimits(
  host: Host,
  here: readonly Task[],
  daemon: number | undefined,
): TaskLimitFacts | undefined {
  const tasks = here.filter(({ limits }) => Object.keys(limits).length > 0)
  if (tasks.length === 0) return undefined
  const bounds = limitBounds(host, daemon)
  const over = tasks.flatMap(({ name, limits }) => {
    const [first] = limitsOverBounds(limits, bounds)
    return first === undefined
      ? []
      : [{ task: name, problem: `limits.${first.key} ${first.problem}` }]
  })
  return { tasks: tasks.length, over }
}

function memoryOf(host: Host, daemon: number | undefined): MemoryFacts {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(textOf(host, '/proc/meminfo'))?.[1]
  const machine =
    kilobytes === undefined ? host.processes.load().freeMemory : Number(kilobytes) * 1024
  const limit = groupLimit(host, daemon, 'memory.max')
  if (limit === undefined) return { availableBytes: machine, limitBytes: undefined }
  const used = Number(textOf(host, path.join(limit.folder, 'memory.current')))
  const available = Math.max(limit.most - used, 0)
  return { availableBytes: Math.min(available, machine), limitBytes: limit.most }
}

function processLimit(
  host: Host,
  limits: string,
  daemon: number | undefined,
): { most: number; by: string } {
  // The limit of the user does not apply to root: setrlimit(2).
  const user = host.processes.uid === 0 ? Infinity : hardLimit(limits, 'Max processes')
  const group = groupLimit(host, daemon, 'pids.max')?.most ?? Infinity
  return group < user ? { most: group, by: 'pids.max' } : { most: user, by: 'ulimit -u' }
}

/** The lowest limit of a control group and the groups above it (cgroups(7), version 2). */
function groupLimit(
  host: Host,
  daemon: number | undefined,
  name: string,
): { most: number; folder: string } | undefined {
  const group = /^0::(\/.*)$/m.exec(textOf(host, `/proc/${daemon ?? 'self'}/cgroup`))?.[1] ?? '/'
  const parts = group.split('/').filter((part) => part !== '')
  const found = parts
    .concat('')
    .map((_, depth) => path.join('/sys/fs/cgroup', ...parts.slice(0, depth)))
    .map((folder) => ({ folder, text: textOf(host, path.join(folder, name)).trim() }))
    .filter(({ text }) => /^\d+$/.test(text))
    .map(({ folder, text }) => ({ folder, most: Number(text) }))
  return found.toSorted((a, b) => a.most - b.most)[0]
}

function concurrentRuns(here: readonly Task[]): number {
  return here.reduce((sum, { max }) => sum + (Number.isFinite(max) ? max : 1), 0)
}

function watchingOf(host: Host): WatchFacts | undefined {
  const most = (name: string) => Number(textOf(host, `/proc/sys/fs/inotify/max_user_${name}`))
  if (most('instances') === 0) return undefined
  const used = inotifyUsage(host)
  return {
    instances: { most: most('instances'), used: used?.instances },
    watches: { most: most('watches'), used: used?.watches },
  }
}

/** The most descriptors to look at: more would take over a second. */
const maxDescriptorsRead = 50_000

/** What the processes of this user have, see proc(5); undefined if they have too many descriptors. */
function inotifyUsage(host: Host): { instances: number; watches: number } | undefined {
  const { files, processes } = host
  const own = (quietly(() => files.list('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => quietly(() => files.facts(`/proc/${pid}`))?.uid === processes.uid)
  let read = 0
  const used = { instances: 0, watches: 0 }
  for (const pid of own) {
    for (const descriptor of quietly(() => files.list(`/proc/${pid}/fd`)) ?? []) {
      read += 1
      if (read > maxDescriptorsRead) return undefined
      const target = quietly(() => files.readLink(`/proc/${pid}/fd/${descriptor}`))
      if (target !== 'anon_inode:inotify') continue
      used.instances += 1
      const lines = textOf(host, `/proc/${pid}/fdinfo/${descriptor}`).split('\n')
      used.watches += lines.filter((line) => line.startsWith('inotify ')).length
    }
  }
  return used
}

/** The daemon takes about 130 MB; the rest is for its runs. */
const minMemoryBytes = 256_000_000
/** The daemon opens about 40 files, and one for each of its clients. */
const minDescriptors = 256
/** The recorder, the shell, and a program. */
const processesPerRun = 3
/** The threads of the daemon, and other processes of its user. */
const otherProcesses = 50
/** The daemon needs two instances, and a watch for each file in two folders. */
const minInstances = 3
const minWatches = 50

export function judgeLimits(facts: LimitFacts): Finding[] {
  return findingsOf({
    memory: checkMemory(facts.memory),
    descriptors: checkDescriptors(facts.descriptors),
    processes: checkProcesses(facts.processes),
    limits: facts.limits && checkTaskLimits(facts.limits),
    watching: checkWatching(facts.watching),
  })
}

function checkMemory({ availableBytes, limitBytes }: MemoryFacts): CheckResult {
  const limit = limitBytes === undefined ? '' : ` of a limit of ${sizeText(limitBytes)}`
  const found = `${sizeText(availableBytes)} available${limit}`
  if (availableBytes >= minMemoryBytes) return ok(found)
  return warning(found, { hint: 'the daemon needs about 130 MB, and its runs need memory too' })
}

function checkDescriptors(most: number): CheckResult {
  if (most >= minDescriptors) return ok(limitText(most))
  return warning(`${limitText(most)}; a busy daemon needs ${minDescriptors}`, {
    hint: 'raise the limit: ulimit -n 1024, or LimitNOFILE= in torch.service',
  })
}

function checkProcesses({ most, by, runs }: ProcessFacts): CheckResult {
  const needed = runs * processesPerRun + otherProcesses
  if (most >= needed) return ok(limitText(most))
  return warning(`${limitText(most)} (${by}): too few for ${counted(runs, 'concurrent run')}`, {
    hint: `allow at least ${needed}: ulimit -u, TasksMax= in torch.service, docker --pids-limit`,
  })
}

function checkTaskLimits({ tasks, over }: TaskLimitFacts): CheckResult {
  const [first] = over
  if (first === undefined) return ok(`this machine allows those of ${counted(tasks, 'task')}`)
  return warning(`${namesOf(over.map(({ task }) => task))}: ${first.problem}`, {
    hint: 'lower the limit in the tasks file, or raise what the machine allows; until then the runs cannot start',
  })
}

function checkWatching(facts: WatchFacts | undefined): CheckResult {
  const instead = 'torch checks its tasks file every second or two'
  if (facts === undefined) return note('this system has no inotify', { instead })
  const { instances, watches } = facts
  const found = `this user has ${usageText(instances)} instances and ${usageText(watches)} watches`
  if (left(instances) >= minInstances && left(watches) >= minWatches) return ok(found)
  return note(found, {
    instead,
    hint: 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536',
  })
}

function usageText({ most, used }: Usage): string {
  return `${used ?? '?'} of ${most}`
}

function left({ most, used }: Usage): number {
  return most - (used ?? 0)
}

function limitText(most: number): string {
  return most === Infinity ? 'no limit' : `at most ${most}`
}
