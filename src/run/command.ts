import type { Account } from '../host/accounts.ts'
import type { Limits, Task } from '../tasks/task.ts'

/** Who a run is: the user's account, and the group where it is not the user's own. */
export interface Identity {
  readonly account: Account
  readonly gid: number
  /** False where it is the daemon's own. */
  readonly differs: boolean
}

/**
 * The words that the recorder executes: the task's command, behind the programs that give it its
 * priority, limits and user. In that order, because only root may raise the first two.
 */
export function commandWords(task: Task, identity: Identity): string[] {
  const own = typeof task.command === 'string' ? [task.shell, '-c', task.command] : task.command
  return [...niceWords(task.nice), ...limitWords(task.limits), ...userWords(identity), ...own]
}

function niceWords(nice: number): string[] {
  return nice === 0 ? [] : ['nice', '-n', String(nice), '--']
}

/** prlimit(1) takes bytes and seconds everywhere; the units of ulimit differ from shell to shell. */
function limitWords(limits: Limits): string[] {
  const { nofile, cpu, memory, core, fsize, nproc } = limits
  const values = { nofile, cpu, as: memory, core, fsize, nproc }
  const options = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  return options.length === 0 ? [] : ['prlimit', ...options, '--']
}

/** setpriv(1), because the uid option of spawn would drop the supplementary groups. */
function userWords(identity: Identity): string[] {
  if (!identity.differs) return []
  const { account, gid } = identity
  return ['setpriv', `--reuid=${account.uid}`, `--regid=${gid}`, '--init-groups', '--']
}
