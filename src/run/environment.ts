import { TorchError, messageOf } from '../errors.ts'
import type { Account } from '../host/accounts.ts'
import type { Host } from '../host/host.ts'
import { cpuGraceSeconds } from '../plan/run-outcome.ts'
import { parseEnvFile } from '../tasks/file/env-file.ts'
import type { Limits, Task } from '../tasks/task.ts'
import type { RunHome } from './directory.ts'
import { readEnvFileBytes } from './env-file-bytes.ts'
import { commandWith, scriptVariable } from './run-script.ts'

/** Everything that a command gets from torch. It is the same for each run of a task until something changes. */
export interface RunEnvironment {
  /** The programs that set its priority, limits and user: absolute paths and arguments. */
  readonly wrappers: readonly string[]
  /** The task's command. The first word may be a name, to be found in the task's PATH. */
  readonly command: readonly string[]
  /** The user that the command runs as. */
  readonly owner: { readonly uid: number; readonly gid: number }
  readonly cwd: string
  /** In octal. */
  readonly umask: string
  readonly variables: Readonly<Record<string, string>>
}

/**
 * The environment for the runs of a task on this machine. Throws if the user, the group or the
 * env_file of the task does not exist, or a program that torch needs for the task. `script` is the path of
 * the task's script, if it has one.
 */
export function runEnvironment(
  { host, home, hostName, fleet }: RunHome,
  task: Task,
  script?: string,
): RunEnvironment {
  const command = commandWith(task.command, script)
  const identity = identityOf(host, task)
  return {
    wrappers: wrapperWords(host, task, identity),
    command: typeof command === 'string' ? [task.shell, '-c', command] : command,
    owner: { uid: identity.account.uid, gid: identity.gid },
    cwd: task.cwd ?? existingHome(host, identity.account),
    umask: task.umask.toString(8),
    variables: {
      ...basicVariables(host, identity.account, task),
      TORCH_HOME: home,
      ...withoutPid(task, envFileVariables(host, task, identity.account)),
      ...task.env,
      // LAST: a task can change TORCH_HOME, but not these. The recorder adds the names that differ from run to run.
      TORCH_TASK: task.name,
      TORCH_HOST: fleet?.host ?? hostName,
      ...(fleet !== undefined && { TORCH_FLEET: fleet.name }),
      ...listenVariables(task),
      ...(script !== undefined && { [scriptVariable]: script }),
    },
  }
}

/** As systemd says it to a service, see sd_listen_fds(3). The recorder adds LISTEN_PID. */
function listenVariables({ listen }: Task): Record<string, string> {
  if (listen.length === 0) return {}
  const names = listen.map(({ name = 'torch' }) => name).join(':')
  return { LISTEN_FDS: String(listen.length), LISTEN_FDNAMES: names }
}

/** The env_file must not change the pid for which the sockets are. In `env` the tasks file does not allow it. */
function withoutPid({ listen }: Task, variables: Record<string, string>): Record<string, string> {
  const { LISTEN_PID: _, ...others } = variables
  return listen.length === 0 ? variables : others
}

/** The user and group that the runs of a task have. Throws if this machine does not have them. */
export function ownerOf(host: Host, task: Task): RunEnvironment['owner'] {
  const { account, gid } = identityOf(host, task)
  return { uid: account.uid, gid }
}

/** The user that runs a command, and the group if it is not the user's own. */
interface Identity {
  readonly account: Account
  readonly gid: number
  /** Whether it differs from the daemon's user or group. */
  readonly differs: boolean
}

function identityOf(host: Host, task: Task): Identity {
  const self = host.accounts.self()
  if (task.user === undefined && task.group === undefined)
    return { account: self, gid: self.gid, differs: false }
  const account = task.user === undefined ? self : host.accounts.user(task.user)
  if (account === undefined)
    throw new TorchError('no-user', `there is no user "${task.user}" on this machine`)
  const gid = task.group === undefined ? account.gid : host.accounts.group(task.group)
  if (gid === undefined)
    throw new TorchError('no-group', `there is no group "${task.group}" on this machine`)
  return { account, gid, differs: account.uid !== self.uid || gid !== self.gid }
}

/** The user comes last, because only root may raise priority and limits. */
function wrapperWords(host: Host, task: Task, identity: Identity): string[] {
  return [
    ...niceWords(host, task.nice),
    ...limitWords(host, task.limits),
    ...userWords(host, identity),
  ]
}

function niceWords(host: Host, nice: number): string[] {
  return nice === 0 ? [] : [ownProgram(host, 'nice', 'nice'), '-n', String(nice), '--']
}

/** prlimit(1) always takes bytes and seconds; the units of ulimit differ from shell to shell. */
function limitWords(host: Host, limits: Limits): string[] {
  const { nofile, cpu, memory, core, fsize, nproc } = limits
  // The lower limit sends XCPU, which says what happened.
  const seconds = cpu && `${cpu}:${cpu + cpuGraceSeconds}`
  const values = { nofile, cpu: seconds, as: memory, core, fsize, nproc }
  const options = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  return options.length === 0 ? [] : [ownProgram(host, 'prlimit', 'limits'), ...options, '--']
}

/**
 * setpriv(1), because Node's uid option would drop the supplementary groups. A task inherits no
 * capability, whatever the daemon was given.
 */
function userWords(host: Host, identity: Identity): string[] {
  if (!identity.differs) return []
  const { account, gid } = identity
  const ids = [`--reuid=${account.uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all']
  return [ownProgram(host, 'setpriv', 'user and group'), ...ids, '--']
}

/** The path of a program of torch's own. `keys` are the keys of a task that need it, if not all tasks do. */
export function ownProgram({ processes }: Host, name: string, keys?: string): string {
  const file = processes.findProgram(name)
  if (file !== undefined) return file
  const user = keys === undefined ? 'every run' : `the task's ${keys}`
  throw new TorchError('no-program', `the program ${name} is missing; ${user} needs it`)
}

/** Like cron: a user without a home directory starts in the root directory. */
function existingHome(host: Host, account: Account): string {
  return host.files.facts(account.home)?.kind === 'directory' ? account.home : '/'
}

/** The PATH of a command unless the task sets its own: what login(1) gives root. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The variables that cron sets too, and the zone of the schedule. Only LANG comes from the daemon's own. */
function basicVariables(host: Host, account: Account, task: Task): Record<string, string> {
  return {
    PATH: defaultPath,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    SHELL: task.shell,
    LANG: host.processes.lang ?? 'C.UTF-8',
    TZ: task.timezone,
  }
}

/** Throws if the env_file has a problem: a command with half of its variables could do harm. */
function envFileVariables(host: Host, { envFile }: Task, account: Account): Record<string, string> {
  if (envFile === undefined) return {}
  const { values, problems } = parseEnvFile(readEnvFile(host, envFile, account))
  const [problem] = problems
  if (problem === undefined) return Object.fromEntries(values)
  const { line, message } = problem
  throw new TorchError('bad-env-file', `env_file ${envFile}:${line}: ${message}`)
}

function readEnvFile(host: Host, file: string, account: Account): string {
  try {
    const bytes = readEnvFileBytes(host, file, account)
    if (bytes !== undefined) return bytes.toString('utf8')
  } catch (error) {
    throw new TorchError('bad-env-file', `env_file ${file}: ${messageOf(error)}`)
  }
  throw new TorchError('no-env-file', `env_file ${file} does not exist`)
}
