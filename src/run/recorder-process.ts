import { TorchError, messageOf } from '../errors.ts'
import type { Account } from '../host/accounts.ts'
import type { Host } from '../host/host.ts'
import type { ProcessIdentity } from '../host/processes.ts'
import type { Standby } from '../host/spawn.ts'
import { maxEnvFileBytes } from '../tasks/file/env-file.ts'
import type { Task } from '../tasks/task.ts'
import { commandWords, type Identity } from './command.ts'
import { activeFolder, runsFolder } from './directory.ts'
import { environmentOf } from './environment.ts'
import { recorderScript, recorderShell } from './recorder.ts'

/** In the place of a start time that could not be read. */
export const unknownTicks = 0

/** How a recorder ended, where torch is its parent. */
export interface RecorderStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** A recorder that waits for its run. */
export interface Recruit {
  /** As it was when this was started. */
  readonly task: Task
  readonly identity: ProcessIdentity
  readonly standby: Standby
  /** Who is told when it is gone. */
  onExit: (status: RecorderStatus) => void
}

/** Where runs are, and whose. */
interface Place {
  readonly host: Host
  readonly home: string
  readonly hostName: string
}

/**
 * Starts a recorder for a run of a task; undefined where that failed, which is told by onFailure,
 * perhaps before. Throws where the user, the group or the env_file of the task is not there.
 */
export function recruit(
  place: Place,
  task: Task,
  onFailure: (error: Error) => void,
): Recruit | undefined {
  const { host } = place
  const standby = host.processes.spawnGroup({
    program: recorderShell,
    ...termsOf(place, task),
    onExit: (status) => found?.onExit(status),
    onFailure,
  })
  const found: Recruit | undefined = standby && {
    task,
    identity: identityNow(host, standby.pid),
    standby,
    onExit() {},
  }
  return found
}

/** It is at work: nothing that fails from here on may say that it could not be started. */
function identityNow(host: Host, pid: number): ProcessIdentity {
  const unknown = { pid, startTicks: unknownTicks }
  try {
    return host.processes.identify(pid) ?? unknown
  } catch {
    return unknown
  }
}

/** What a recorder is started with: the same for all runs of a task, as long as nothing changes. */
interface Terms {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

function termsOf({ host, home, hostName }: Place, task: Task): Terms {
  const identity = identityOf(host, task)
  const env = environmentOf(task, {
    account: identity.account,
    hostName,
    envFile: readEnvFile(host, task),
    lang: host.processes.lang,
  })
  const cwd = task.cwd ?? existingHome(host, identity.account)
  const umask = task.umask.toString(8)
  const folders = [runsFolder(home, task.name), activeFolder(home)]
  const words = ['torch', ...folders, cwd, umask, ...commandWords(task, identity)]
  return { args: ['-c', recorderScript, ...words], env }
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

function readEnvFile(host: Host, task: Task): string | undefined {
  if (task.envFile === undefined) return undefined
  try {
    const bytes = host.files.readFile(task.envFile, maxEnvFileBytes)
    if (bytes !== undefined) return bytes.toString('utf8')
  } catch (error) {
    throw new TorchError('bad-env-file', `env_file ${task.envFile}: ${messageOf(error)}`)
  }
  throw new TorchError('no-env-file', `env_file ${task.envFile} is not there`)
}

/** As cron does: a user without a home directory starts in the root directory. */
function existingHome(host: Host, account: Account): string {
  return host.files.facts(account.home)?.kind === 'directory' ? account.home : '/'
}
