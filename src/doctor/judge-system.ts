import { counted } from '../text/plural.ts'
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
import { checkSystemd, type SystemdFacts } from './systemd-unit.ts'

/** What this machine is started and run by. */
export interface SystemFacts {
  readonly inContainer: boolean
  /** torch knows processes by /proc, and so does the recorder of each run. */
  readonly hasProc: boolean
  readonly user: UserFacts
  readonly init: InitFacts
  readonly systemd: SystemdFacts
}

interface InitFacts {
  /** Names of process 1: its command, and the program that it was started as. */
  readonly names: readonly string[]
  /** Processes that ended, and that it has not reaped. */
  readonly zombies: number
}

interface UserFacts {
  readonly uid: number
  /** undefined: nobody has that number. */
  readonly name: string | undefined
  /** Root, with the capabilities to become another. */
  readonly mayChangeUser: boolean
  /** Tasks here with a user or group. */
  readonly users: readonly string[]
}

export function systemFindings(facts: SystemFacts): Finding[] {
  return findingsOf({
    user: checkUser(facts.user),
    proc: checkProc(facts),
    init: checkInit(facts),
    systemd: checkSystemd(facts.systemd, facts.inContainer),
  })
}

function checkUser({ uid, name, mayChangeUser, users }: UserFacts): Verdict {
  if (uid === 0 && mayChangeUser) return ok('root: a task may say its user')
  if (uid === 0 && users.length > 0)
    return warning(`root that may not become another: ${named(users)} cannot start`, {
      hint: 'give it the capabilities SETUID and SETGID, or take user out of these tasks',
    })
  if (uid === 0)
    return note('root that may not become another: no task may say its user', {
      hint: 'give it the capabilities SETUID and SETGID',
    })
  if (name === undefined)
    return note(`uid ${uid}, which has no name here`, {
      instead: 'USER and LOGNAME of runs are that number',
      hint: 'add a line to /etc/passwd where a program asks for the name',
    })
  return ok(`${name} (uid ${uid}), as all tasks; a task with another user needs root`)
}

function checkProc({ hasProc }: SystemFacts): Verdict {
  if (hasProc) return ok('/proc is there')
  return problem('/proc is not there: no run can be told from another process', {
    hint: 'mount -t proc proc /proc',
  })
}

function checkInit({ init: { names, zombies }, inContainer }: SystemFacts): Verdict {
  const name = names.find((each) => each !== 'MainThread') ?? 'unknown'
  const hint = 'docker run --init, or init: true in a compose file'
  const found = `process 1 is ${name}`
  if (zombies >= manyZombies)
    return warning(`${found}, and leaves ${counted(zombies, 'zombie')} unreaped`, { hint })
  if (names.includes('node'))
    return warning(`${found}, which reaps nothing that runs leave behind`, { hint })
  if (!inContainer || names.some((each) => inits.includes(each))) return ok(found)
  return note(`${found}; whether it reaps what runs leave behind is not known`, { hint })
}

/** One or two may be on their way. */
const manyZombies = 3
/** Programs that reap orphans. */
const inits = [
  ...['systemd', 'init', 'tini', 'docker-init', 'dumb-init', 'catatonit', 'busybox'],
  ...['s6-svscan', 's6-linux-init', 'runit', 'runsvdir', 'openrc-init', 'bash', 'sh', 'dash'],
]
