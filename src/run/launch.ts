import path from 'node:path'
import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { spawnFailed } from '../plan/run-outcome.ts'
import type { Start } from '../plan/admit.ts'
import type { Task } from '../tasks/task.ts'
import { concludeRun, recordOutcome } from './conclude.ts'
import { activeFolder, listActive } from './active.ts'
import {
  newRunId,
  type RunDescription,
  runDirectory,
  type RunSocket,
  secondText,
} from './directory.ts'
import { armTimeout } from './end.ts'
import { defaultPath } from './environment.ts'
import { complainOfLoss } from './output.ts'
import { type LiveRun, newLiveRun, type RunContext } from './live-run.ts'
import { newEventOrder } from './order.ts'
import { armReady } from './ready.ts'
import { type Recorder, startRecorder } from './recorder.ts'
import { makeRunFolder, newRecorderPool } from './recorder-pool.ts'
import { returnInput, type RunMessages, takeInput } from './run-messages.ts'
import { commandWith, pathOf, recordOf, type ScriptForRun } from './run-script.ts'
import { spawnErrorText } from './start-failure.ts'
import { type HeldSocket, newTaskSockets, openSockets } from './task-sockets.ts'
import { newRunWatch } from './watch.ts'

type OptionalPart = 'order' | 'socketsOf' | 'onReady' | 'beforeStart'

/** What all runs of one process share: nothing runs in it yet. */
export function newRunContext(
  parts: Omit<RunContext, 'recorders' | 'watch' | OptionalPart> &
    Partial<Pick<RunContext, OptionalPart>>,
): RunContext {
  const sockets = newTaskSockets(parts.host)
  const context: RunContext = {
    order: newEventOrder(parts.host, parts.home, 0),
    socketsOf: (task) => openSockets(sockets, task, []),
    onReady() {},
    beforeStart() {},
    ...parts,
    recorders: newRecorderPool(parts),
    watch: newRunWatch(parts, parts.faults, (run) => concludeRun(context, run, undefined)),
  }
  return context
}

export interface LaunchRequest {
  readonly task: Task
  readonly start: Start
  /** Of the tasks file. */
  readonly revision: string | null
  /** How long the start of a daemon task was delayed; 0 for all others. */
  readonly restartDelayMs: number
  /** The copy of the task's script, or why there is none. Only for a task with a script. */
  readonly script?: ScriptForRun | undefined
  /** How many restarts in a row this start of a daemon task is; 0 for all others. */
  readonly restarts?: number
  /** When the runs before it in its place started; only with a `restart.limit`. */
  readonly starts?: readonly number[]
  /** Grows with each owner of a start or a place in the fleet: the run gets it as TORCH_TOKEN. */
  readonly token?: number | undefined
  /** Only for a task that gets its messages as a file. */
  readonly messages?: RunMessages | undefined
}

/**
 * Launches a run: prepares its records on disk, then gives it to a recorder. Never throws: if the run
 * cannot be started, that is its outcome, which comes by onEnd after this function has returned.
 */
export function launchRun(context: RunContext, request: LaunchRequest): LiveRun {
  const run = describeRun(context, request)
  let recorder: Recorder | undefined
  try {
    recorder = prepare(context, run, request)
    if (request.messages !== undefined) takeInput(context, run, request.messages)
    describe(context.host, run, recorder)
  } catch (error) {
    recorder?.dismiss()
    returnInput(context, run, request.messages)
    removePrepared(context, run)
    failLater(context, run, messageOf(error))
    return run
  }
  try {
    giveTo(context, run, recorder, request)
  } catch (error) {
    failLater(context, run, messageOf(error))
  }
  return run
}

function describeRun(
  { host, home, hostName, order }: RunContext,
  {
    task,
    start,
    revision,
    restartDelayMs,
    restarts = 0,
    starts = [],
    script,
    token,
  }: LaunchRequest,
): LiveRun {
  const startedMs = host.clock.now()
  const orderMs = order.next()
  const id = newRunId(startedMs)
  const description: RunDescription = {
    run: id,
    task: task.name,
    type: task.type,
    slot: start.slot ?? null,
    dueMs: start.dueMs ?? null,
    trigger: start.trigger,
    attempt: start.attempt,
    ...(start.retryOf !== undefined && { retryOf: start.retryOf }),
    ...(start.claim !== undefined && { claim: start.claim }),
    ...(token !== undefined && { token }),
    ...(start.after !== undefined && { after: start.after }),
    ...(start.by !== undefined && { by: start.by }),
    // A run that was started by hand is not retried.
    attempts: start.trigger === 'manual' ? 1 : task.retry.attempts + 1,
    definition: task.definition,
    revision,
    host: hostName,
    bootId: host.processes.bootId,
    startedMs,
    ...(orderMs > startedMs && { orderMs }),
    command: commandWith(task.command, pathOf(script)),
    ...(script !== undefined && { script: recordOf(script) }),
    timeoutMs: task.timeoutMs ?? null,
    killAfterMs: task.killAfterMs,
    successCodes: task.successCodes,
    ...placeOf(task),
    ...(Object.keys(task.limits).length > 0 && { limits: task.limits }),
    maxOutputBytes: task.output.maxSizeBytes,
    ...(task.input.mode !== 'none' && { input: task.input.mode }),
    ...(task.input.format === 'json' && { format: 'json' as const }),
    restartDelayMs,
    restarts,
    ...(starts.length > 0 && { starts }),
    ...(task.ready !== undefined && { ready: task.ready }),
  }
  const directory = runDirectory(home, task.name, id)
  return newLiveRun({ description, directory, recorder: undefined, state: { kind: 'running' } })
}

/** Only the start itself knows the PATH of an env_file, and the home of the user. */
function placeOf({ cwd, env, envFile }: Task): Pick<RunDescription, 'cwd' | 'path'> {
  const searchPath = env['PATH'] ?? (envFile === undefined ? defaultPath : undefined)
  return {
    ...(cwd !== undefined && { cwd }),
    ...(searchPath !== undefined && { path: searchPath }),
  }
}

/**
 * Makes the run directory and gets a recorder: the one that waits for this task and brings its folder
 * along, or a new one; undefined if it could not be started. The entry in `active` comes FIRST: after a
 * crash, torch looks only for the runs that are listed there.
 */
function prepare(
  context: RunContext,
  run: LiveRun,
  { task, script }: LaunchRequest,
): Recorder | undefined {
  const { host, home } = context
  listActive(host, home, run.description.task, run.description.run)
  if (script?.kind === 'missing') {
    makeRunFolder(host, run.directory)
    failLater(context, run, script.reason)
    return undefined
  }
  const waiting = context.recorders.take(task, run.directory, pathOf(script))
  if (waiting !== undefined) return waiting
  makeRunFolder(host, run.directory)
  return startFresh(context, run, { task, script })
}

function startFresh(
  context: RunContext,
  run: LiveRun,
  { task, script }: Pick<LaunchRequest, 'task' | 'script'>,
): Recorder | undefined {
  try {
    const sockets = context.socketsOf(task)
    run.sockets = sockets.map(socketNote)
    const { run: id } = run.description
    const place = { task, folder: run.directory, run: id, script: pathOf(script), sockets }
    return startRecorder(context, place, (error) => failLater(context, run, spawnErrorText(error)))
  } catch (error) {
    failLater(context, run, spawnErrorText(error))
    return undefined
  }
}

function socketNote({ address, file }: HeldSocket): RunSocket {
  return { address: address.text, ...(file !== undefined && { file }) }
}

/** Writes `run.json`: what was started, and who writes its output. */
function describe({ files }: Host, run: LiveRun, recorder: Recorder | undefined): void {
  run.collector = recorder?.collector
  const { description, collector, messages, sockets } = run
  const record = {
    ...description,
    collector,
    ...(messages.length > 0 && { messages }),
    ...(sockets.length > 0 && { sockets }),
  }
  files.write(path.join(run.directory, 'run.json'), JSON.stringify(record))
}

function removePrepared({ host, home, faults }: RunContext, run: LiveRun): void {
  const entry = path.join(activeFolder(home), run.description.run)
  faults.insist('remove half-made records of runs', () => {
    for (const file of [run.directory, entry]) host.files.remove(file)
  })
}

/** If the recorder is gone, which may have waited for long, a new one gets the run. */
function giveTo(
  context: RunContext,
  run: LiveRun,
  recorder: Recorder | undefined,
  { task, start, script, token }: LaunchRequest,
): void {
  const { run: id, startedMs } = run.description
  const slot = start.slot ?? Math.floor(startedMs / 1000)
  // Only a recorder of a task with `after` reads them.
  const after = task.after === undefined ? [] : (start.after ?? [])
  const more = [...(token === undefined ? [] : [token]), ...after]
  const words = [id, secondText(slot), start.attempt, ...more]
  const line = `${words.join(' ')}\n`
  if (recorder === undefined || assign(context, run, recorder, line)) return
  const fresh = startFresh(context, run, { task, script })
  try {
    describe(context.host, run, fresh)
  } catch (error) {
    fresh?.dismiss()
    throw error
  }
  if (fresh !== undefined && !assign(context, run, fresh, line))
    failLater(context, run, 'its recorder ended before the run could begin')
}

/** Returns false if the recorder is gone already. */
function assign(context: RunContext, run: LiveRun, recorder: Recorder, line: string): boolean {
  run.recorder = recorder.identity
  // BEFORE the command: what must end it in time knows of it.
  context.beforeStart(run)
  if (!recorder.assign(line)) {
    run.recorder = undefined
    return false
  }
  recorder.onExit = (status) =>
    context.faults.insist('read how runs ended', () => {
      if (!concludeRun(context, run, status)) context.watch.add(run)
    })
  recorder.onLostOutput = () => complainOfLoss(context, run)
  armTimeout(context, run)
  armReady(context, run)
  return true
}

/** After the caller has the run: its end must not come before its start. */
function failLater(context: RunContext, run: LiveRun, reason: string): void {
  queueMicrotask(() => recordOutcome(context, run, spawnFailed(reason), context.host.clock.now()))
}
