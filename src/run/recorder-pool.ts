import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { Task } from '../tasks/task.ts'
import { exitPlaceholder, preparedFolder, type RunHome } from './directory.ts'
import { type Recorder, startRecorder } from './recorder.ts'

/**
 * The recorder pool: recorders that are started before their tasks are due.
 *
 * Why: to start a program takes as long as everything else that a start costs. If 1,000 tasks are due
 * in one second, that cost decides when the last one starts. So torch starts the recorders in the
 * seconds before, and in the second itself it only sends each one a line with its run. A recorder that
 * waits has its collector, and a folder with the open output file: the folder becomes the run directory.
 *
 * Worth: with a recorder and its collector in the burst itself, the last of 1,000 starts would take about
 * twice as long (bench/RESULTS.md, burst).
 *
 * How: startsDueSoon() in plan/agenda.ts decides which tasks are due soon. Between two ticks
 * daemon/starts/ticker.ts prepares a recorder for each of them, and launch.ts takes it when the task is
 * due. A run is the same without the pool: if no recorder waits, launch.ts starts a new one.
 */
export interface RecorderPool {
  /** The recorders that wait, by task. */
  readonly waiting: ReadonlyMap<string, Recorder>
  /**
   * Makes sure that a recorder waits for the next run of a task. Returns false if none could be
   * started; the run itself will report why.
   */
  prepare(task: Task, script?: string): boolean
  /**
   * Takes the recorder that waits for this definition of a task, and for this script, out of the pool, and
   * moves its folder to `directory`, the directory of its run.
   */
  take(task: Task, directory: string, script?: string): Recorder | undefined
  /** Dismisses the recorders of all other tasks. */
  keepOnly(tasks: ReadonlySet<string>): void
  dismissAll(): void
}

/** A pool without recorders. */
export function newRecorderPool(runHome: RunHome): RecorderPool {
  const { files, processes } = runHome.host
  const waiting = new Map<string, Recorder>()
  let count = 0

  function prepare(task: Task, script?: string): boolean {
    // The env_file of a task must be read when the run starts, not before.
    if (isFor(waiting.get(task.name), task, script) || task.envFile !== undefined) return true
    // A recorder that waits would keep the sockets open when torch closes them.
    if (task.listen.length > 0) return true
    dismiss(task.name)
    count += 1
    const folder = path.join(preparedFolder(runHome.home), `${processes.pid}-${count}`)
    const recorder = startOrNone(runHome, task, folder, script)
    if (recorder === undefined) return false
    recorder.onExit = () => dismiss(task.name)
    waiting.set(task.name, recorder)
    return true
  }

  function take(task: Task, directory: string, script?: string): Recorder | undefined {
    const recorder = waiting.get(task.name)
    if (!isFor(recorder, task, script) || !moveFolder(runHome.host, recorder.folder, directory)) {
      dismiss(task.name)
      return undefined
    }
    remove(recorder)
    return recorder
  }

  function dismiss(task: string): void {
    const recorder = waiting.get(task)
    if (recorder === undefined) return
    remove(recorder)
    recorder.dismiss()
    quietlyRemove(files, recorder.folder)
  }

  /** FIRST, before the recorder is assigned or dismissed: its descriptor must be closed only once. */
  function remove(recorder: Recorder): void {
    waiting.delete(recorder.task.name)
    recorder.onExit = () => {}
  }

  return {
    waiting,
    prepare,
    take,
    keepOnly(tasks) {
      for (const task of waiting.keys()) if (!tasks.has(task)) dismiss(task)
    },
    dismissAll() {
      for (const task of waiting.keys()) dismiss(task)
    },
  }
}

/** By definition: a reload gives every task a new object, also the tasks that it does not change. */
function isFor(
  recorder: Recorder | undefined,
  task: Task,
  script: string | undefined,
): recorder is Recorder {
  return recorder?.task.definition === task.definition && recorder.script === script
}

function startOrNone(
  runHome: RunHome,
  task: Task,
  folder: string,
  script: string | undefined,
): Recorder | undefined {
  let recorder: Recorder | undefined
  try {
    makeRunFolder(runHome.host, folder)
    const place = { task, folder, run: undefined, script, sockets: [] }
    recorder = startRecorder(runHome, place, () => {})
  } catch {
    // The run itself will report it.
  }
  if (recorder === undefined) quietlyRemove(runHome.host.files, folder)
  return recorder
}

/** Makes the folder of a run, with what is in it before the run starts. */
export function makeRunFolder({ files }: Host, folder: string): void {
  files.makeDirectory(folder)
  // Made here, not by the recorder, because only torch can report why they cannot be made.
  files.close(files.openAppend(path.join(folder, 'output')))
  files.write(path.join(folder, 'exit'), exitPlaceholder)
}

/** Returns false if the folder was removed, or cannot be moved: `runs` may be on another disk. */
function moveFolder({ files }: Host, from: string, to: string): boolean {
  const move = (): boolean => {
    files.rename(from, to)
    return true
  }
  try {
    return move()
  } catch {
    // The first run of this task.
  }
  try {
    files.makeDirectory(path.dirname(to))
    return move()
  } catch {
    return false
  }
}

/** What is left is removed when the next daemon starts. */
function quietlyRemove(files: Host['files'], folder: string): void {
  try {
    files.remove(folder)
  } catch {
    // The disk may be read-only by now.
  }
}
