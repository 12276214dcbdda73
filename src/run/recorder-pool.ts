import type { Task } from '../tasks/task.ts'
import type { RunHome } from './directory.ts'
import { type Recorder, startRecorder } from './recorder.ts'

/**
 * The recorder pool: recorders that are started before their tasks are due.
 *
 * Why: to start a program takes as long as everything else that a start costs. If 1,000 tasks are due
 * in one second, that cost decides when the last one starts. So torch starts the recorders in the
 * seconds before, and in the second itself it only sends each one a line with its run.
 *
 * Worth: in a burst of 1,000 starts the last one takes 1.30 times as long as in a bare C program that
 * starts the same commands and records nothing (bench/RESULTS.md, burst).
 *
 * How: tasksDueSoon() in plan/agenda.ts decides which tasks are due soon. Between two ticks
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
  prepare(task: Task): boolean
  /** Takes the recorder that waits for this definition of a task out of the pool. */
  take(task: Task): Recorder | undefined
  /** Dismisses the recorders of all other tasks. */
  keepOnly(tasks: ReadonlySet<string>): void
  dismissAll(): void
}

/** A pool without recorders. */
export function newRecorderPool(home: RunHome): RecorderPool {
  const waiting = new Map<string, Recorder>()

  function prepare(task: Task): boolean {
    // The env_file of a task must be read when the run starts, not before.
    if (isFor(waiting.get(task.name), task) || task.envFile !== undefined) return true
    dismiss(task.name)
    const recorder = startOrNone(home, task)
    if (recorder === undefined) return false
    recorder.onExit = () => dismiss(task.name)
    waiting.set(task.name, recorder)
    return true
  }

  function take(task: Task): Recorder | undefined {
    const recorder = waiting.get(task.name)
    if (!isFor(recorder, task)) {
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
function isFor(recorder: Recorder | undefined, task: Task): recorder is Recorder {
  return recorder?.task.definition === task.definition
}

function startOrNone(home: RunHome, task: Task): Recorder | undefined {
  try {
    return startRecorder(home, task, () => {})
  } catch {
    return undefined
  }
}
