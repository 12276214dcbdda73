import path from 'node:path'
import { TorchError, wordsOf } from '../errors.ts'
import type { Account, Host, ProcessIdentity } from '../host/host.ts'
import type { Start } from '../plan/start.ts'
import { spawnFailed } from '../plan/verdict.ts'
import { maxEnvFileBytes } from '../tasks/env-file.ts'
import type { Task } from '../tasks/task.ts'
import { listActive } from './active.ts'
import { commandWords, type Identity } from './command.ts'
import { activeFolder, type RunDescription, runDirectory } from './directory.ts'
import { environmentOf } from './environment.ts'
import { newRunId } from './id.ts'
import { armTimeout, conclude, type LiveRun, type RunRoom, unknownTicks } from './live.ts'
import { recorderScript, recorderShell } from './recorder.ts'
import { settle } from './settle.ts'
import { watchRun } from './watched.ts'

export interface RunOrder {
  readonly task: Task
  readonly start: Start
  /** Of the tasks file. */
  readonly revision: string | null
  /** Of a daemon task: what its place waited; 0 else. */
  readonly restartDelayMs: number
}

/**
 * Starts a run: prepared on disk, then the recorder in a session of its own. Never throws: what
 * keeps it from starting is its outcome, which comes by onEnd after this has returned.
 */
export function startRun(room: RunRoom, order: RunOrder): LiveRun {
  const run = newRun(room, order)
  let isPrepared = false
  try {
    prepare(room, run)
    isPrepared = true
    launch(room, run, order)
  } catch (error) {
    if (!isPrepared) unprepare(room, run)
    failLater(room, run, wordsOf(error))
  }
  return run
}

function newRun(room: RunRoom, { task, start, revision, restartDelayMs }: RunOrder): LiveRun {
  const startedMs = room.host.clock.now()
  const id = newRunId(startedMs)
  const description: RunDescription = {
    run: id,
    task: task.name,
    type: task.type,
    slot: start.slot ?? null,
    dueMs: start.dueMs ?? null,
    trigger: start.trigger,
    attempt: start.attempt,
    // What is started by hand is not tried again.
    attempts: start.trigger === 'manual' ? 1 : task.retry.attempts + 1,
    definition: task.definition,
    revision,
    host: room.hostName,
    bootId: room.host.processes.bootId,
    startedMs,
    command: task.command,
    timeoutMs: task.timeoutMs ?? null,
    killAfterMs: task.killAfterMs,
    successCodes: task.successCodes,
    maxOutputBytes: task.output.maxSizeBytes,
    restartDelayMs,
  }
  const directory = runDirectory(room.home, task.name, id)
  return {
    description,
    directory,
    recorder: undefined,
    state: { kind: 'running' },
    trimmed: { to: 0, complained: false },
    cancelTimer() {},
  }
}

/** The entry in `active` FIRST: what is not listed there is never looked for after a crash. */
function prepare({ host, home }: RunRoom, run: LiveRun): void {
  listActive(host, home, run.description.task, run.description.run)
  host.files.makeDirectory(run.directory)
  host.files.write(path.join(run.directory, 'run.json'), JSON.stringify(run.description))
}

/** Nothing is left of what could only be made by half. */
function unprepare(room: RunRoom, run: LiveRun): void {
  const { files } = room.host
  const entry = path.join(activeFolder(room.home), run.description.run)
  room.faults.insist('remove what was prepared of runs', () => {
    for (const place of [run.directory, entry]) files.remove(place)
  })
}

function launch(room: RunRoom, run: LiveRun, { task, start }: RunOrder): void {
  const { host } = room
  const identity = identityOf(host, task)
  const { run: id, startedMs } = run.description
  const env = environmentOf(task, start, {
    account: identity.account,
    run: id,
    hostName: room.hostName,
    envFile: readEnvFile(host, task),
    lang: host.processes.lang,
    startedMs,
  })
  const cwd = task.cwd ?? existingHome(host, identity.account)
  const umask = task.umask.toString(8)
  const active = path.join(activeFolder(room.home), id)
  const output = host.files.openAppend(path.join(run.directory, 'output'))
  try {
    const pid = host.processes.spawnGroup({
      program: recorderShell,
      args: ['-c', recorderScript, 'torch', active, cwd, umask, ...commandWords(task, identity)],
      env,
      cwd: run.directory,
      output,
      onExit: (status) =>
        room.faults.insist('see how runs ended', () => {
          if (settle(room, run, status) === 'goes-on') watchRun(room, run)
        }),
      onFailure: (error) => failLater(room, run, wordsOf(error)),
    })
    if (pid === undefined) return
    run.recorder = identityNow(host, pid)
    armTimeout(room, run)
  } finally {
    host.files.close(output)
  }
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

/** After the caller has the run: an end must not come before its beginning. */
function failLater(room: RunRoom, run: LiveRun, words: string): void {
  queueMicrotask(() => conclude(room, run, spawnFailed(words), room.host.clock.now()))
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
    throw new TorchError('bad-env-file', `env_file ${task.envFile}: ${wordsOf(error)}`)
  }
  throw new TorchError('no-env-file', `env_file ${task.envFile} is not there`)
}

/** As cron does: a user without a home directory starts in the root directory. */
function existingHome(host: Host, account: Account): string {
  return host.files.facts(account.home)?.kind === 'directory' ? account.home : '/'
}
