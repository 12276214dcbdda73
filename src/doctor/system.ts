import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import type { Task } from '../tasks/task.ts'
import { counted } from '../text/plural.ts'
import { changesUser } from './external-programs.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  namesOf,
  note,
  ok,
  problem,
  warning,
} from './finding.ts'
import { exists, textOf, which } from './probe.ts'
import { checkSystemd, findUnit, type SystemdFacts } from './systemd-unit.ts'

/** The user, /proc, process 1 and systemd of this machine. */
export interface SystemFacts {
  readonly inContainer: boolean
  /** torch and the recorders identify processes by /proc. */
  readonly hasProc: boolean
  readonly user: UserFacts
  readonly init: InitFacts
  readonly systemd: SystemdFacts
}

interface InitFacts {
  /** The names of process 1: its command, and the program that it was started as. */
  readonly names: readonly string[]
  /** Ended processes that process 1 has not reaped. */
  readonly zombies: number
}

interface UserFacts {
  readonly uid: number
  /** undefined: the uid has no name. */
  readonly name: string | undefined
  /** This is root, with the capabilities to become another user. */
  readonly mayChangeUser: boolean
  /** Tasks here that set user or group. */
  readonly users: readonly string[]
}

/** Probes the system. `here`: the tasks that run here, if known; `lost`: see lostDaemon(). Never throws. */
export function probeSystem(
  host: Host,
  here: readonly Task[] | undefined,
  lost?: SystemdFacts['lost'],
): SystemFacts {
  const { uid } = host.processes
  const shipped = fileURLToPath(new URL('../../systemd/torch.service', import.meta.url))
  return {
    inContainer: inContainer(host),
    hasProc: textOf(host, '/proc/self/stat') !== '',
    user: {
      uid,
      name: quietly(() => host.accounts.user(String(uid)))?.name,
      mayChangeUser: mayChangeUser(host),
      users: (here ?? []).filter(changesUser).map(({ name }) => name),
    },
    init: { names: initNames(host), zombies: countZombies(host) },
    systemd: {
      booted: exists(host, '/run/systemd/system'),
      // The C library serves for both: starting runs, and messages to systemd.
      canNotify:
        host.processes.launcher().why === undefined || which(host, 'systemd-notify') !== undefined,
      unit: findUnit(host, shipped),
      lost,
      shipped,
    },
  }
}

/** Docker, podman and systemd-nspawn(1) leave files and variables, Kubernetes a variable. */
function inContainer(host: Host): boolean {
  return (
    exists(host, '/.dockerenv') ||
    exists(host, '/run/.containerenv') ||
    (process.env['container'] ?? '') !== '' ||
    process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  )
}

/** CAP_SETGID and CAP_SETUID, see capabilities(7). */
const setIds = (1n << 6n) | (1n << 7n)

function mayChangeUser(host: Host): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(textOf(host, '/proc/self/status'))?.[1]
  if (effective === undefined) return host.processes.uid === 0
  return (BigInt(`0x${effective}`) & setIds) === setIds
}

function initNames(host: Host): string[] {
  const program = path.basename(textOf(host, '/proc/1/cmdline').split('\0')[0] ?? '')
  const names = [textOf(host, '/proc/1/comm').trim(), program]
  return [...new Set(names)].filter((name) => name !== '')
}

/** Counts children of process 1 that have ended: fields 3 and 4 of /proc/PID/stat. */
function countZombies(host: Host): number {
  const pids = (quietly(() => host.files.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    const stat = textOf(host, `/proc/${pid}/stat`)
    return stat.slice(stat.lastIndexOf(')')).startsWith(') Z 1 ')
  }).length
}

export function judgeSystem(facts: SystemFacts): Finding[] {
  return findingsOf({
    user: checkUser(facts.user),
    proc: checkProc(facts),
    init: checkInit(facts),
    systemd: checkSystemd(facts.systemd, facts.inContainer),
  })
}

function checkUser({ uid, name, mayChangeUser: may, users }: UserFacts): CheckResult {
  if (uid === 0 && may) return ok('root: tasks may set user and group')
  if (uid === 0 && users.length > 0)
    return warning(`root cannot become another user here: ${namesOf(users)} cannot start`, {
      hint: 'give torch the capabilities SETUID and SETGID, or remove user and group from these tasks',
    })
  if (uid === 0)
    return note('root cannot become another user here: no task may set user or group', {
      hint: 'give torch the capabilities SETUID and SETGID',
    })
  if (name === undefined)
    return note(`uid ${uid} has no name on this machine`, {
      instead: 'runs get the number as USER and LOGNAME',
      hint: 'add the user to /etc/passwd if a program needs the name',
    })
  return ok(`${name} (uid ${uid}), for all tasks; only root can run tasks as another user`)
}

function checkProc({ hasProc }: SystemFacts): CheckResult {
  if (hasProc) return ok('/proc is mounted')
  return problem('/proc is not mounted, so torch cannot identify processes', {
    hint: 'mount -t proc proc /proc',
  })
}

function checkInit({ init: { names, zombies }, inContainer: inside }: SystemFacts): CheckResult {
  const name = names.find((each) => each !== 'MainThread') ?? 'unknown'
  const hint = 'use docker run --init, or init: true in a compose file'
  const found = `process 1 is ${name}`
  if (zombies >= manyZombies)
    return warning(`${found}, and it left ${counted(zombies, 'zombie')} unreaped`, { hint })
  if (names.includes('node'))
    return warning(`${found}, which does not reap processes that runs leave behind`, { hint })
  if (!inside || names.some((each) => inits.includes(each))) return ok(found)
  return note(`${found}, and it may not reap processes that runs leave behind`, { hint })
}

/** One or two zombies may be waiting to be reaped. */
const manyZombies = 3
/** Programs that reap orphans. */
const inits = [
  ...['systemd', 'init', 'tini', 'docker-init', 'dumb-init', 'catatonit', 'busybox'],
  ...['s6-svscan', 's6-linux-init', 'runit', 'runsvdir', 'openrc-init', 'bash', 'sh', 'dash'],
]
