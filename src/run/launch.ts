import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { Start } from '../plan/start.ts'
import { spawnFailed } from '../plan/run-outcome.ts'
import type { Task } from '../tasks/task.ts'
import { listActive } from './active.ts'
import { activeFolder, type RunDescription, runDirectory } from './directory.ts'
import { newRunId, secondText } from './id.ts'
import { armTimeout, conclude, type LiveRun, type RunRoom } from './end.ts'
import { takeReady } from './recorder-pool.ts'
import { type Recruit, recruit } from './recorder-process.ts'
import { settle } from './conclude.ts'
import { watchRun } from './watch.ts'

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
    failLater(room, run, messageOf(error))
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
  // Here and not by the recorder, which has no words for why it cannot.
  host.files.close(host.files.openAppend(path.join(run.directory, 'output')))
}

/** Nothing is left of what could only be made by half. */
function unprepare(room: RunRoom, run: LiveRun): void {
  const { files } = room.host
  const entry = path.join(activeFolder(room.home), run.description.run)
  room.faults.insist('remove what was prepared of runs', () => {
    for (const place of [run.directory, entry]) files.remove(place)
  })
}

/** To a recorder that is ready, or to a new one. */
function launch(room: RunRoom, run: LiveRun, { task, start }: RunOrder): void {
  const { run: id, startedMs } = run.description
  const slot = start.slot ?? Math.floor(startedMs / 1000)
  const line = `${id} ${secondText(slot)} ${start.attempt}\n`
  const ready = takeReady(room, task)
  if (ready !== undefined && engage(room, run, ready, line)) return
  const fresh = recruit(room, task, (error) => failLater(room, run, messageOf(error)))
  if (fresh !== undefined && !engage(room, run, fresh, line))
    failLater(room, run, 'the recorder was gone before it began')
}

/** False where it is gone already. */
function engage(room: RunRoom, run: LiveRun, recruited: Recruit, line: string): boolean {
  if (!recruited.standby.order(line)) return false
  run.recorder = recruited.identity
  recruited.onExit = (status) =>
    room.faults.insist('see how runs ended', () => {
      if (settle(room, run, status) === 'goes-on') watchRun(room, run)
    })
  armTimeout(room, run)
  return true
}

/** After the caller has the run: an end must not come before its beginning. */
function failLater(room: RunRoom, run: LiveRun, words: string): void {
  queueMicrotask(() => conclude(room, run, spawnFailed(words), room.host.clock.now()))
}
