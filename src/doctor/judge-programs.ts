import {
  type Finding,
  findingsOf,
  named,
  note,
  ok,
  problem,
  type Verdict,
  warning,
} from './finding.ts'

/** As in package.json. */
export const leastNode = '20.19'

/** The programs that torch and its runs are made of; undefined: it is not there. */
export interface ProgramFacts {
  /** Of Node, as `20.20.2`. */
  readonly version: string
  readonly node: string
  /** What /bin/sh leads to. */
  readonly sh: string | undefined
  /** Shells of tasks here that are not there. */
  readonly missingShells: readonly { readonly shell: string; readonly tasks: readonly string[] }[]
  /** By which the daemon takes its lock. */
  readonly flock: string | undefined
  /** Which gives the middle of a long output back to the disk. */
  readonly fallocate: { readonly path: string | undefined; readonly isBusybox: boolean }
  readonly wrappers: Readonly<Record<Wrapper, WrapperFacts>>
  /** Why runs are not started by posix_spawn(3); undefined: they are. */
  readonly whyNoPosixSpawn: string | undefined
}

/** A program that a run is started through, by keys of its task. */
export interface WrapperFacts {
  /** Where a run finds it; undefined: it does not. */
  readonly path: string | undefined
  /** It is a part of busybox, which has it for other uses. */
  readonly isBusybox: boolean
  /** Tasks here that need it; undefined: there is no file to see. */
  readonly users: readonly string[] | undefined
  /** Of these the ones with a PATH of their own that has it not. */
  readonly without: readonly string[]
}

/** What a wrapper is for, and which package has it. */
const wrappers = {
  nice: { keys: 'nice', from: 'coreutils', inBusybox: true },
  prlimit: { keys: 'limits', from: 'util-linux', inBusybox: false },
  setpriv: { keys: 'user or group', from: 'util-linux', inBusybox: false },
} as const
export type Wrapper = keyof typeof wrappers
export const wrapperNames = Object.keys(wrappers) as readonly Wrapper[]

/** The shells that the recorder was tried with. */
const triedShells = ['dash', 'bash', 'busybox']

export function programFindings(facts: ProgramFacts): Finding[] {
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

function checkNode({ version, node }: ProgramFacts): Verdict {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = leastNode.split('.').map(Number)
  const isOld = major < leastMajor || (major === leastMajor && minor < leastMinor)
  const found = `Node ${version} (${node})`
  if (!isOld) return ok(found)
  return problem(`${found}; torch needs ${leastNode}`, {
    hint: 'install a newer Node; the first one in PATH is taken',
  })
}

function checkLock({ flock }: ProgramFacts): Verdict {
  if (flock !== undefined) return ok(flock)
  return note('the program flock is not there', {
    instead: 'an abstract Unix socket is the lock: it too ends with the daemon, however that ends',
    hint: 'install util-linux where containers share a home: they do not see that socket',
  })
}

function checkShell({ sh, missingShells: [first] }: ProgramFacts): Verdict {
  if (sh === undefined)
    return problem('/bin/sh is not there, and every run is started by it', {
      hint: 'install dash, bash or busybox',
    })
  if (first !== undefined)
    return warning(`${first.shell}, the shell of ${named(first.tasks)}, is not there`, {
      hint: 'install it, or change shell in the tasks file',
    })
  const name = sh.slice(sh.lastIndexOf('/') + 1)
  if (triedShells.includes(name)) return ok(`/bin/sh is ${name}`)
  return note(`/bin/sh is ${name}, which torch was not tried with`, {
    hint: `${triedShells.join(', ')} are known to do`,
  })
}

function checkWrapper(name: Wrapper, facts: WrapperFacts): Verdict {
  const { path, isBusybox, users, without } = facts
  const { keys, from, inBusybox } = wrappers[name]
  const isLacking = path === undefined || (isBusybox && !inBusybox)
  const lack = path === undefined ? 'not there' : `${path} is busybox's, which cannot do it`
  if (isLacking && users !== undefined && users.length > 0)
    return warning(`${lack}: ${named(users)} cannot start`, {
      hint: `install ${from}, or take ${keys} out of these tasks`,
    })
  if (isLacking)
    return note(users === undefined ? lack : `${lack}; no task here needs it`, {
      hint: `install ${from} before a task says ${keys}`,
    })
  if (without.length > 0)
    return warning(`${path} is not in the PATH of ${named(without)}: no start`, {
      hint: 'add its folder to the PATH in their env',
    })
  return ok(users?.length ? `${path}, for ${keys} of ${named(users)}` : path)
}

function checkFallocate({ fallocate: { path, isBusybox } }: ProgramFacts): Verdict {
  if (path !== undefined && !isBusybox) return ok(path)
  const lack = path === undefined ? 'not there' : `${path} is busybox's, which cannot do it`
  return note(lack, {
    instead: 'an output over max_size is cut when its run is over, and not before',
    hint: 'install util-linux',
  })
}

function checkLauncher({ whyNoPosixSpawn }: ProgramFacts): Verdict {
  if (whyNoPosixSpawn === undefined) return ok('posix_spawn')
  return note(`no posix_spawn: ${whyNoPosixSpawn}`, {
    instead: "Node's own spawn, which takes the longer the more memory the daemon has",
    hint: 'it takes the GNU C library, and the optional package koffi',
  })
}
