import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { recorderShell } from '../run/recorder.ts'
import type { Task } from '../tasks/task.ts'
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
import { isBusybox, isProgram, which } from './probe.ts'

/** The programs that torch and its runs use. undefined: the program is missing. */
export interface ProgramFacts {
  /** The version of Node, for example `20.20.2`. */
  readonly version: string
  readonly node: string
  /** The program that /bin/sh links to. */
  readonly sh: string | undefined
  /** Missing shells, and the tasks here that use them. */
  readonly missingShells: readonly { readonly shell: string; readonly tasks: readonly string[] }[]
  /** The daemon takes its lock with flock. */
  readonly flock: string | undefined
  /** torch gives the middle of a long output back to the disk with fallocate. */
  readonly fallocate: { readonly path: string | undefined; readonly isBusybox: boolean }
  readonly wrappers: Readonly<Record<Wrapper, WrapperFacts>>
  /** Programs that every run needs and that are missing. */
  readonly missing: readonly string[]
  /** Why torch cannot start runs with posix_spawn(3); undefined: it can. */
  readonly whyNoPosixSpawn: string | undefined
}

/** A program that starts a run if its task has certain keys. */
export interface WrapperFacts {
  /** Where torch finds it; undefined: nowhere. */
  readonly path: string | undefined
  /** It is part of busybox, which may lack what torch needs. */
  readonly isBusybox: boolean
  /** Tasks here that need it; undefined: unknown without a tasks file. */
  readonly users: readonly string[] | undefined
}

/** For each wrapper: the keys that need it, the package that contains it, and whether the one in busybox works. */
const wrappers = {
  nice: { keys: 'nice', from: 'coreutils', inBusybox: true },
  prlimit: { keys: 'limits', from: 'util-linux', inBusybox: false },
  setpriv: { keys: 'user or group', from: 'util-linux', inBusybox: false },
} as const
type Wrapper = keyof typeof wrappers

/** Every run needs them: for its output, and for a recorder that waits for room on the disk. */
const everyRun = ['cat', 'sleep']

/** Probes the programs. `here`: the tasks that run here, if known. Never throws. */
export function probePrograms(host: Host, here: readonly Task[] | undefined): ProgramFacts {
  const { why } = host.processes.launcher()
  const ofEveryRun = why === undefined ? everyRun : [...everyRun, 'mkfifo']
  const fallocate = which(host, 'fallocate')
  return {
    version: process.versions.node,
    node: process.execPath,
    sh: isProgram(host, recorderShell)
      ? quietly(() => host.files.realPath(recorderShell))
      : undefined,
    missingShells: missingShells(host, here ?? []),
    flock: which(host, 'flock'),
    fallocate: { path: fallocate, isBusybox: isBusybox(host, fallocate) },
    wrappers: {
      nice: probeWrapper(host, 'nice', here),
      prlimit: probeWrapper(host, 'prlimit', here),
      setpriv: probeWrapper(host, 'setpriv', here),
    },
    missing: ofEveryRun.filter((name) => which(host, name) === undefined),
    whyNoPosixSpawn: why,
  }
}

function probeWrapper(host: Host, name: Wrapper, here: readonly Task[] | undefined): WrapperFacts {
  const users = here?.filter(needs[name])
  const found = which(host, name)
  return {
    path: found,
    isBusybox: isBusybox(host, found),
    users: users?.map((task) => task.name),
  }
}

const needs: Readonly<Record<Wrapper, (task: Task) => boolean>> = {
  nice: ({ nice }) => nice !== 0,
  prlimit: ({ limits }) => Object.values(limits).some((limit) => limit !== undefined),
  setpriv: changesUser,
}

/** True if a task sets the user or group that it runs as. */
export function changesUser({ user, group }: Task): boolean {
  return user !== undefined || group !== undefined
}

function missingShells(host: Host, here: readonly Task[]): ProgramFacts['missingShells'] {
  // A command that is a list of words needs no shell.
  const users = here.filter(({ command }) => typeof command === 'string')
  const shells = [...new Set(users.map(({ shell }) => shell))]
  return shells
    .filter((shell) => !isProgram(host, shell))
    .map((shell) => {
      const tasks = users.filter((task) => task.shell === shell)
      return { shell, tasks: tasks.map(({ name }) => name) }
    })
}

/** The oldest Node that torch supports, as in package.json. */
export const leastNode = '20.19'

/** The shells that the recorder is tested with. */
const testedShells = ['dash', 'bash', 'busybox']

export function judgePrograms(facts: ProgramFacts): Finding[] {
  return findingsOf({
    node: checkNode(facts),
    lock: checkLock(facts),
    shell: checkShell(facts),
    nice: checkWrapper('nice', facts.wrappers.nice),
    prlimit: checkWrapper('prlimit', facts.wrappers.prlimit),
    setpriv: checkWrapper('setpriv', facts.wrappers.setpriv),
    fallocate: checkFallocate(facts),
    launcher: checkLauncher(facts),
  })
}

function checkNode({ version, node }: ProgramFacts): CheckResult {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = leastNode.split('.').map(Number)
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor)
  const found = `Node ${version} (${node})`
  if (!isOld) return ok(found)
  return problem(`${found} is too old; torch needs ${leastNode} or newer`, {
    hint: 'install a newer Node, and put it first in PATH',
  })
}

function checkLock({ flock }: ProgramFacts): CheckResult {
  if (flock !== undefined) return ok(flock)
  return warning('the program flock is missing', {
    instead: 'torch needs the library koffi to lock its home; without both no daemon starts',
    hint: 'install util-linux',
  })
}

function checkShell({ sh, missing, missingShells: [first] }: ProgramFacts): CheckResult {
  if (missing.length > 0)
    return problem(
      `every run needs ${missing.join(' and ')}, but torch cannot find ${missing.length === 1 ? 'it' : 'them'}`,
      {
        hint: 'install coreutils',
      },
    )
  if (sh === undefined)
    return problem('/bin/sh is missing, and torch starts every run with it', {
      hint: 'install dash, bash or busybox',
    })
  if (first !== undefined)
    return warning(`${first.shell}, the shell of ${namesOf(first.tasks)}, is missing`, {
      hint: 'install it, or change shell in the tasks file',
    })
  const name = sh.slice(sh.lastIndexOf('/') + 1)
  if (testedShells.includes(name)) return ok(`/bin/sh is ${name}`)
  return note(`/bin/sh is ${name}, and torch is not tested with it`, {
    hint: `tested shells: ${testedShells.join(', ')}`,
  })
}

function checkWrapper(name: Wrapper, facts: WrapperFacts): CheckResult {
  const { path, isBusybox: inBusybox, users } = facts
  const { keys, from, inBusybox: worksInBusybox } = wrappers[name]
  if (path === undefined || (inBusybox && !worksInBusybox)) {
    const lack = path === undefined ? 'missing' : busyboxText(path)
    if (users !== undefined && users.length > 0)
      return warning(`${lack}: ${namesOf(users)} cannot start`, {
        hint: `install ${from}, or remove ${keys} from these tasks`,
      })
    return note(users === undefined ? lack : `${lack}; no task here needs it`, {
      hint: `install ${from} before a task uses ${keys}`,
    })
  }
  return ok(users?.length ? `${path}, for ${keys} of ${namesOf(users)}` : path)
}

function checkFallocate({ fallocate: { path, isBusybox: inBusybox } }: ProgramFacts): CheckResult {
  if (path !== undefined && !inBusybox) return ok(path)
  return note(path === undefined ? 'missing' : busyboxText(path), {
    instead: 'torch truncates output over max_size only when the run has ended',
    hint: 'install util-linux',
  })
}

function busyboxText(path: string): string {
  return `${path} is part of busybox, which cannot do this`
}

function checkLauncher({ whyNoPosixSpawn }: ProgramFacts): CheckResult {
  if (whyNoPosixSpawn === undefined) return ok('posix_spawn')
  return note(`no posix_spawn: ${whyNoPosixSpawn}`, {
    instead: "Node's own spawn, which is slower the more memory the daemon has",
    hint: 'posix_spawn needs the GNU C library and the optional package koffi',
  })
}
