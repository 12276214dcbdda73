import { sizeText } from '../text/size.ts'
import { type Finding, findingsOf, note, ok, problem, type Verdict, warning } from './finding.ts'

/** The home, and the disk that it is on. */
export interface HomeFacts {
  readonly path: string
  readonly state: HomeState
  /** A daemon runs on it. */
  readonly isInUse: boolean
  /** undefined: it is not known. */
  readonly space: SpaceFacts | undefined
  /** undefined: there is none yet, or it is not for this user to see. */
  readonly log: LogFacts | undefined
  /** Of the path of the socket. */
  readonly socketBytes: number
}

/** The directory, as this user finds it. */
export type HomeState =
  | { readonly kind: 'absent'; readonly above: string; readonly mayMake: boolean }
  | { readonly kind: 'denied' }
  | { readonly kind: 'no-directory' }
  | {
      readonly kind: 'there'
      /** `alice (uid 1000)`; undefined: this user's own. */
      readonly foreign: string | undefined
      readonly mode: number
      /** Empty, or torch's already. */
      readonly isTorch: boolean
      readonly mayWrite: boolean
    }

/** Of the file system that it is on, or will be. */
interface SpaceFacts {
  /** statfs(2): its magic number. */
  readonly type: number
  readonly freeBytes: number
  readonly freeInodes: number
  /** 0: it has no bound of them, as Btrfs. */
  readonly inodes: number
}

interface LogFacts {
  readonly path: string
  readonly size: number
  readonly mayWrite: boolean
}

/** unix(7): 108 with the zero at its end. */
const maxSocketBytes = 107
/** Below this a few long outputs fill the disk. */
const minFreeBytes = 500_000_000
/** A run has some seven files. */
const minFreeInodes = 10_000
const maxLogBytes = 1_000_000_000

const elsewhere = 'choose another with --home or TORCH_HOME'

export function homeFindings(facts: HomeFacts): Finding[] {
  const { space, log, socketBytes } = facts
  return findingsOf({
    home: checkHome(facts),
    disk: space && checkDisk(space),
    log: log && checkLog(log),
    socket: checkSocket(socketBytes),
  })
}

function checkHome({ path: home, state, isInUse }: HomeFacts): Verdict {
  switch (state.kind) {
    case 'absent':
      return state.mayMake
        ? ok(`${home}, which the first start makes`)
        : problem(`${home} is not there, and may not be made in ${state.above}`, {
            hint: elsewhere,
          })
    case 'denied':
      return problem(`${home} is not for this user to look into`, {
        hint: `run torch as its owner, or ${elsewhere}`,
      })
    case 'no-directory':
      return problem(`${home} is no directory`, { hint: elsewhere })
    case 'there':
      return checkFound(home, state, isInUse)
  }
}

function checkFound(
  home: string,
  facts: HomeState & { readonly kind: 'there' },
  isInUse: boolean,
): Verdict {
  if (facts.foreign !== undefined && isInUse)
    return note(`${home} belongs to ${facts.foreign}, whose daemon runs`, {
      hint: 'a start or a run without the daemon is for its owner alone',
    })
  if (facts.foreign !== undefined)
    return problem(`${home} belongs to ${facts.foreign}`, {
      hint: `run torch as its owner, or ${elsewhere}`,
    })
  const mode = facts.mode.toString(8)
  const isOpen = (facts.mode & 0o077) !== 0
  if (isOpen && !facts.isTorch)
    return problem(`${home} is open to others (mode ${mode}) and holds more than torch's`, {
      hint: `${elsewhere}, or: chmod 700 ${home}`,
    })
  if (!facts.mayWrite)
    return problem(`${home} may not be written`, {
      hint: `see whether it is mounted read-only, or ${elsewhere}`,
    })
  if (isOpen)
    return note(`${home} is open to others (mode ${mode})`, {
      instead: 'the next start closes it',
      hint: `chmod 700 ${home}`,
    })
  return ok(`${home}, private (mode ${mode})`)
}

function checkDisk({ type, freeBytes, freeInodes, inodes }: SpaceFacts): Verdict {
  const network = networkTypes[type]
  const isInodePoor = inodes > 0 && freeInodes < minFreeInodes
  const free = sizeText(freeBytes) + (isInodePoor ? ` and ${freeInodes} inodes` : '')
  if (freeBytes === 0 || (inodes > 0 && freeInodes === 0))
    return problem(`${free} free: nothing can be put on record`, {
      hint: 'make room, or choose another home with --home',
    })
  if (network !== undefined)
    return warning(`the home is on ${network}: locks and SQLite want a disk of this machine`, {
      hint: elsewhere,
    })
  if (freeBytes < minFreeBytes || isInodePoor)
    return warning(`${free} free`, {
      hint: 'make room, or keep less: output.keep_runs and output.max_size',
    })
  if (type === tmpfs)
    return note(`${free} free, in memory (tmpfs): a reboot takes what is on record`, {
      hint: elsewhere,
    })
  return ok(`${free} free`)
}

/** statfs(2). SQLite's write-ahead log does not do on these: https://www.sqlite.org/wal.html */
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

function checkLog({ path, size, mayWrite }: LogFacts): Verdict {
  if (!mayWrite)
    return problem(`${path} may not be written, and no daemon starts without it`, {
      hint: 'see its owner and mode',
    })
  if (size > maxLogBytes)
    return note(`${path} has ${sizeText(size)}`, {
      hint: 'have it rotated: rename it, then kill -HUP the daemon',
    })
  return ok(`${path}, ${sizeText(size)}`)
}

function checkSocket(bytes: number): Verdict {
  if (bytes <= maxSocketBytes) return ok(`a path of ${bytes} bytes`)
  return note(`a path of ${bytes} bytes, over the ${maxSocketBytes} that the system takes`, {
    instead: 'torch goes by /proc/self/fd to the folder that it is in',
    hint: 'a shorter --home, where programs other than torch speak to it',
  })
}
