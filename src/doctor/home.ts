import path from 'node:path'
import type { HomePaths } from '../daemon/settings.ts'
import { foreignEntry, useOfHome } from '../daemon/startup/open-home.ts'
import type { FileFacts } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { hasCode } from '../host/system-error.ts'
import { quietly } from '../host/system-error.ts'
import { sizeText } from '../text/size.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  note,
  ok,
  problem,
  warning,
} from './finding.ts'
import { exists } from './probe.ts'

/** The home and the disk that holds it. */
export interface HomeFacts {
  readonly path: string
  readonly state: HomeState
  /** A daemon runs on this home. */
  readonly isInUse: boolean
  /** undefined: unknown. */
  readonly space: SpaceFacts | undefined
  /** undefined: there is no log yet, or this user cannot see it. */
  readonly log: LogFacts | undefined
  /** The length of the socket's path. */
  readonly socketBytes: number
}

/** The home directory as this user sees it. */
export type HomeState =
  | { readonly kind: 'absent'; readonly above: string; readonly mayMake: boolean }
  | { readonly kind: 'denied' }
  | { readonly kind: 'no-directory' }
  | {
      readonly kind: 'there'
      /** The owner, for example `alice (uid 1000)`; undefined: this user. */
      readonly foreign: string | undefined
      readonly mode: number
      /** Whose files it holds, which decides whether torch may close it to others. */
      readonly use: ReturnType<typeof useOfHome>
      /** What torch did not make, in words, if there is any. */
      readonly planted: string | undefined
      readonly mayWrite: boolean
    }

/** The file system that holds the home, or will hold it. */
interface SpaceFacts {
  /** The magic number of statfs(2). */
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  /** 0: the file system has no limit of inodes, such as Btrfs. */
  readonly inodes: number
}

interface LogFacts {
  readonly path: string
  readonly size: number
  readonly mayWrite: boolean
}

/** Probes the home and its disk. `isInUse`: a daemon runs on it. Never throws. */
export function probeHome(host: Host, paths: HomePaths, isInUse: boolean): HomeFacts {
  const { files } = host
  const log = quietly(() => files.facts(paths.log))
  const space = quietly(() => files.space(nearestFolder(host, paths.home)))
  return {
    path: paths.home,
    state: homeState(host, paths),
    isInUse,
    space,
    log: log && { path: paths.log, size: log.size, mayWrite: files.mayWrite(paths.log) },
    socketBytes: Buffer.byteLength(paths.socket),
  }
}

function homeState(host: Host, paths: HomePaths): HomeState {
  try {
    const facts = host.files.facts(paths.home)
    if (facts !== undefined) return existingState(host, paths, facts)
    const above = nearestFolder(host, paths.home)
    const isFolder = host.files.facts(above)?.kind === 'directory'
    return { kind: 'absent', above, mayMake: isFolder && host.files.mayWrite(above) }
  } catch (error) {
    // Any other error of stat(2) means that the path itself is impossible.
    return { kind: hasCode(error, 'EACCES', 'EPERM') ? 'denied' : 'no-directory' }
  }
}

function existingState(host: Host, paths: HomePaths, facts: FileFacts): HomeState {
  const { files, processes, accounts } = host
  if (facts.kind !== 'directory') return { kind: 'no-directory' }
  const name = quietly(() => accounts.user(String(facts.uid)))?.name
  const owner = name === undefined ? `uid ${facts.uid}` : `${name} (uid ${facts.uid})`
  const planted = quietly(() => foreignEntry(host, paths))
  return {
    kind: 'there',
    foreign: facts.uid === processes.uid ? undefined : owner,
    mode: facts.mode,
    use: quietly(() => useOfHome(host, paths, facts.mode)) ?? 'others-files',
    planted: planted && `${planted.file} ${planted.why}`,
    mayWrite: files.mayWrite(paths.home),
  }
}

/** The home, or the nearest directory above it that exists. */
function nearestFolder(host: Host, folder: string): string {
  if (folder === '/' || exists(host, folder)) return folder
  return nearestFolder(host, path.dirname(folder))
}

/** unix(7): 108 bytes with the zero byte at the end. */
const maxSocketBytes = 107
/** With less, a few long outputs fill the disk. */
const minFreeBytes = 500_000_000
/** A run has about seven files. */
const minFreeInodes = 10_000
const maxLogBytes = 1_000_000_000

const elsewhere = 'choose another home with --home or TORCH_HOME'

export function judgeHome(facts: HomeFacts): Finding[] {
  const { space, log, socketBytes } = facts
  return findingsOf({
    home: checkHome(facts),
    disk: space && checkDisk(space),
    log: log && checkLog(log),
    socket: checkSocket(socketBytes),
  })
}

function checkHome({ path: home, state, isInUse }: HomeFacts): CheckResult {
  switch (state.kind) {
    case 'absent':
      return state.mayMake
        ? ok(`${home} does not exist yet; the first start creates it`)
        : problem(`${home} does not exist, and torch cannot create it in ${state.above}`, {
            hint: elsewhere,
          })
    case 'denied':
      return problem(`this user cannot read ${home}`, {
        hint: `run torch as its owner, or ${elsewhere}`,
      })
    case 'no-directory':
      return problem(`${home} is not a directory`, { hint: elsewhere })
    case 'there':
      return checkExisting(home, state, isInUse)
  }
}

function checkExisting(
  home: string,
  facts: HomeState & { readonly kind: 'there' },
  isInUse: boolean,
): CheckResult {
  if (facts.foreign !== undefined && isInUse)
    return note(`${home} belongs to ${facts.foreign}, and a daemon runs on it`, {
      hint: 'only its owner can start the daemon, or run a task without it',
    })
  if (facts.foreign !== undefined)
    return problem(`${home} belongs to ${facts.foreign}`, {
      hint: `run torch as its owner, or ${elsewhere}`,
    })
  const mode = facts.mode.toString(8)
  // The members of a view group may enter it, but not list it.
  const isOpen = (facts.mode & 0o067) !== 0
  if (facts.planted !== undefined)
    return problem(`${facts.planted}, so no daemon starts`, {
      hint: `find out who put it there and remove it, or ${elsewhere}`,
    })
  if (isOpen && facts.use === 'others-files')
    return problem(`${home} is open to others (mode ${mode}) and holds files of other users`, {
      hint: elsewhere,
    })
  if (isOpen && facts.use === 'own-files')
    return problem(`${home} is open to others (mode ${mode}) and holds files of other programs`, {
      hint: elsewhere,
    })
  if (!facts.mayWrite)
    return problem(`${home} is not writable`, {
      hint: `check whether it is mounted read-only, or ${elsewhere}`,
    })
  if (isOpen)
    return note(`${home} is open to others (mode ${mode})`, {
      instead: 'the next start makes it private',
      hint: `chmod 700 ${home}`,
    })
  return ok(`${home}, private (mode ${mode})`)
}

function checkDisk({ type, freeBytes, freeInodes, inodes }: SpaceFacts): CheckResult {
  const network = networkTypes[type]
  const lacksInodes = inodes > 0 && freeInodes < minFreeInodes
  const free = sizeText(freeBytes) + (lacksInodes ? ` and ${freeInodes} inodes` : '')
  if (freeBytes === 0 || (inodes > 0 && freeInodes === 0))
    return problem(`${free} free: torch cannot record anything`, {
      hint: 'free some space, or choose another home with --home',
    })
  if (network !== undefined)
    return warning(`the home is on ${network}: locks and SQLite need a local disk`, {
      hint: elsewhere,
    })
  if (freeBytes < minFreeBytes || lacksInodes)
    return warning(`${free} free`, {
      hint: 'free some space, or lower output.keep_runs and output.max_size',
    })
  if (type === tmpfs)
    return note(`${free} free, in memory (tmpfs): a reboot deletes all records`, {
      hint: elsewhere,
    })
  return ok(`${free} free`)
}

/** statfs(2). SQLite's write-ahead log does not work on these: https://www.sqlite.org/wal.html */
const networkTypes: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x517b: 'SMB',
  0x5346414f: 'AFS',
  0x00c36400: 'Ceph',
  0x0bd00bd0: 'Lustre',
  0x01021997: '9p',
}
const tmpfs = 0x01021994

function checkLog({ path: log, size, mayWrite }: LogFacts): CheckResult {
  if (!mayWrite)
    return problem(`${log} is not writable, so no daemon can start`, {
      hint: 'check its owner and mode',
    })
  if (size > maxLogBytes)
    return note(`${log} is large: ${sizeText(size)}`, {
      hint: 'rotate it: rename the file, then send HUP to the daemon',
    })
  return ok(`${log}, ${sizeText(size)}`)
}

function checkSocket(bytes: number): CheckResult {
  if (bytes <= maxSocketBytes) return ok(`its path has ${bytes} bytes`)
  return note(`its path has ${bytes} bytes; the system allows ${maxSocketBytes}`, {
    instead: 'torch uses the shorter path /proc/self/fd/N/torch.sock',
    hint: 'choose a shorter --home if other programs connect to the socket',
  })
}
