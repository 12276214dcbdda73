import { counted } from '../text/plural.ts'
import { sizeText } from '../text/size.ts'
import { type Finding, findingsOf, note, ok, type Verdict, warning } from './finding.ts'

/** How much this machine gives. */
export interface BoundFacts {
  readonly memory: MemoryFacts
  /** Open files that the daemon may have. */
  readonly descriptors: number
  readonly processes: ProcessFacts
  /** undefined: the system has no inotify. */
  readonly watching: WatchFacts | undefined
}

interface MemoryFacts {
  readonly availableBytes: number
  /** Of the control group; undefined: none. */
  readonly limitBytes: number | undefined
}

interface ProcessFacts {
  /** Infinity: none. */
  readonly most: number
  /** What sets it: `ulimit -u`, `pids.max`. */
  readonly by: string
  /** Runs that the tasks here may have at one time; `unlimited` counts as one. */
  readonly runs: number
}

/** inotify(7): what one user may have, and has. */
interface WatchFacts {
  readonly instances: Used
  readonly watches: Used
}

interface Used {
  readonly most: number
  /** undefined: too many descriptors to look through. */
  readonly used: number | undefined
}

/** The daemon has some 130 MB; the rest is for what it runs. */
const minMemoryBytes = 256_000_000
/** The daemon has some 40, and one for each of its clients. */
const minDescriptors = 256
/** The recorder, the shell, and a program. */
const processesPerRun = 3
/** The daemon's threads, and what else its user runs. */
const otherProcesses = 50
/** The daemon needs two instances, and a watch for each file in two folders. */
const minInstances = 3
const minWatches = 50

export function boundFindings(facts: BoundFacts): Finding[] {
  return findingsOf({
    memory: checkMemory(facts.memory),
    descriptors: checkDescriptors(facts.descriptors),
    processes: checkProcesses(facts.processes),
    watching: checkWatching(facts.watching),
  })
}

function checkMemory({ availableBytes, limitBytes }: MemoryFacts): Verdict {
  const limit = limitBytes === undefined ? '' : ` of a limit of ${sizeText(limitBytes)}`
  const found = `${sizeText(availableBytes)} available${limit}`
  if (availableBytes >= minMemoryBytes) return ok(found)
  return warning(found, { hint: 'the daemon takes some 130 MB, and what it runs comes on top' })
}

function checkDescriptors(most: number): Verdict {
  if (most >= minDescriptors) return ok(`${shown(most)} at most`)
  return warning(`${most} at most, and a daemon under load wants ${minDescriptors}`, {
    hint: 'raise it: ulimit -n 1024, or LimitNOFILE= in torch.service',
  })
}

function checkProcesses({ most, by, runs }: ProcessFacts): Verdict {
  const needed = runs * processesPerRun + otherProcesses
  if (most >= needed) return ok(`${shown(most)} at most`)
  return warning(`${most} at most (${by}), and ${counted(runs, 'run')} may be under way here`, {
    hint: `have ${needed} at least: ulimit -u, TasksMax= in torch.service, docker --pids-limit`,
  })
}

function checkWatching(facts: WatchFacts | undefined): Verdict {
  const instead = 'torch looks at its tasks file each second or two anyway'
  if (facts === undefined) return note('no inotify here', { instead })
  const { instances, watches } = facts
  const found = `${used(instances, 'instance')}, ${used(watches, 'watch')} of this user`
  const isShort = left(instances) < minInstances || left(watches) < minWatches
  if (!isShort) return ok(found)
  return note(found, {
    instead,
    hint: 'sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=65536',
  })
}

function used({ most, used: has }: Used, what: string): string {
  return `${has ?? '?'} of ${most} ${what === 'watch' ? 'watches' : `${what}s`}`
}

function left({ most, used: has }: Used): number {
  return most - (has ?? 0)
}

function shown(most: number): string {
  return most === Infinity ? 'any number' : String(most)
}
