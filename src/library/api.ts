import type { StatusReport } from '../control/status-report.ts'
import type { RunEvent, RunLine } from '../follow/run-event.ts'
import type { HistoryRow } from '../plan/history-row.ts'

/** Which home to look at. */
export interface ConnectOptions {
  /**
   * The folder with everything of one daemon. Without it: `TORCH_HOME`, else `/var/lib/torch` for root
   * and `~/.local/state/torch` for others, as for the command `torch`. Config files are not read.
   */
  readonly home?: string | undefined
}

/**
 * The tasks and runs of one home. It holds nothing open, so nothing needs to be closed. Every promise
 * may be rejected with a `TorchError`: its `code` is for programs, its `message` and `hint` for people.
 * Only a loop that a `signal` ends throws the reason of that signal instead. A hint may name an option of
 * the command line: `--force` is `{ force: true }` here.
 * The daemon, as root or as the user of this process, must own the home, else the code is `daemon-denied`.
 */
export interface Torch {
  /** The absolute path of the home. */
  readonly home: string

  /**
   * Starts a task now, as `torch run` does. The daemon owns the run: it continues when this process
   * ends. If the script of the task must be fetched first, this waits for it. Codes: `refused` at the `max` of the task, `no-task`, `no-daemon`.
   */
  run(task: string, options?: RunOptions): Promise<Run>

  /** A run by its id, whether it is running or has ended. Code: `no-run` if nothing is kept of it. */
  attach(id: string): Promise<Run>

  /**
   * The runs that are running now, oldest first, with or without a daemon. A name that no task has matches
   * nothing: without a daemon nobody knows which tasks there are.
   */
  runs(tasks?: TaskNames): Promise<Run[]>

  /**
   * The start, the lines and the end of each run of these tasks: of those that are running now, from
   * their first line, and of those that start after this call, until you leave the loop. It works
   * without a daemon, and while one is replaced, and waits for tasks that do not exist yet. Lines of processes that a run left behind may follow
   * its end.
   */
  follow(tasks?: TaskNames, options?: FollowOptions): AsyncGenerator<RunEvent, void, undefined>

  /**
   * Sends messages to a task with `input: queue`, which wait on the disk until runs take them. Settles
   * with their ids when all of them are there. Each text has at most 64 KiB and no line break, and each
   * call at most 1,000 texts: if it fails, none of them was sent. Without texts it does nothing. Codes:
   * `no-queue`, `inbox-full`, `inbox-unwritable`, `too-large`, `no-daemon`.
   */
  send(task: string, ...texts: readonly string[]): Promise<readonly string[]>

  /** The JSON of `torch status`. Code: `no-daemon` if no daemon runs. */
  status(): Promise<StatusReport>
}

/** A name or a pattern with `*` and `?`, or several of them. Without any: all tasks. */
export type TaskNames = string | readonly string[]

export interface RunOptions {
  /** Start it even if the task is at its `max`. */
  readonly force?: boolean | undefined
}

export interface FollowOptions {
  /** Ends the loop: it throws the reason of the signal. */
  readonly signal?: AbortSignal | undefined
}

export interface LinesOptions extends FollowOptions {
  /** Where to begin, in bytes: the `next` of the last line that you have. Default: 0. */
  readonly from?: number | undefined
}

/** One run of a task. */
export interface Run {
  /** For `attach`, and for `torch history`. */
  readonly id: string
  readonly task: string

  /**
   * Writes lines to the input of the run, in the order of the calls. Settles when they are there, which
   * does not mean that the run has read them. Several programs may send: their lines never mix. Each line
   * has at most 64 KiB and no line break. Codes: `no-input` if the task has no `input: live`,
   * `input-ended` after `end`, `input-full` if the run read nothing for 10 seconds, `not-running`.
   */
  send(...lines: readonly string[]): Promise<void>

  /** Closes the input behind all lines: the run reads the end of the file. */
  end(): Promise<void>

  /**
   * The lines of the run, from the first or from `from`, as they come, until it has ended and its output
   * is complete. Reading slowly does not slow down the run.
   */
  lines(options?: LinesOptions): AsyncGenerator<RunLine, void, undefined>

  /**
   * The end of the run, once torch has recorded it: its row in the history, with `outcome`, `exitCode`
   * and `signal`. If no daemon runs when the run ends, the next daemon records it. Waiting begins
   * when you read this property. Code: `no-run` if all records of the run are gone.
   */
  readonly over: Promise<HistoryRow>

  /**
   * Ends the run by TERM, and by KILL after the `kill_after` of the task; or only sends it this signal,
   * such as `SIGINT`. Settles when the signal is sent. Code: `not-running` if the run has ended.
   */
  kill(signal?: `SIG${string}`): Promise<void>
}
