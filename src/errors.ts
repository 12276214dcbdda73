/** Exit statuses of the `torch` command. 0 is success. */
export const exitStatus = { done: 0, failed: 1, usage: 2, noDaemon: 3 } as const

/** The catalogue: every error that a person can meet. The codes are for programs and for tests. */
export type ErrorCode =
  // Command line and configuration
  | 'usage' // a command, an option or an argument is wrong
  | 'bad-config' // the config file cannot be read, or a value in it is wrong
  | 'bad-token' // the file with the token of the page cannot be used
  | 'log-level' // there is no such log level
  | 'no-folder' // the current directory no longer exists
  // Tasks file
  | 'bad-tasks' // the tasks file has problems; the details show each of them
  | 'no-tasks' // neither revision has a tasks file (diff)
  | 'no-task' // no task has that name, or matches that pattern
  | 'no-revision' // a side of a diff cannot be read: no repository, no such revision, no such file
  | 'git-failed' // git ended with an error that torch does not know
  | 'bad-import' // the file to import cannot be read, or nothing can be made of it
  | 'bad-schedule' // --schedule is not a schedule
  | 'no-schedule' // a daemon task has no schedule to show
  // Starting a daemon
  | 'bad-home' // the home cannot be created or is not a directory
  | 'foreign-home' // the home belongs to another user
  | 'no-lock' // this machine has no way to lock a file
  | 'open-home' // other users may enter the home
  | 'log-unwritable' // the log cannot be opened
  | 'socket-unusable' // the control socket cannot be created
  | 'already-running' // another daemon uses the home
  | 'not-ready' // the daemon did not become ready in time, or ended before
  | 'stopped-early' // a stop arrived before the daemon was ready
  | 'stopping' // the daemon of this home is still stopping
  // Replacing a daemon (torch restart)
  | 'in-foreground' // a daemon in the foreground cannot be replaced
  | 'no-descriptor' // the control socket cannot be handed over
  | 'no-go' // the previous daemon did not hand over
  | 'restart-failed' // the next daemon did not start; the previous one still runs
  | 'busy' // a restart or a stop is already in progress
  // Asking a daemon
  | 'no-daemon' // no daemon runs for this home
  | 'daemon-silent' // the daemon does not answer in time
  | 'daemon-gone' // the daemon ended before it answered
  | 'daemon-denied' // this user may not enter the home
  | 'bad-request' // the request is not HTTP, not JSON, or has wrong fields
  | 'unknown-request' // there is no such request
  | 'wrong-method' // a request is not a POST
  | 'too-many' // as many clients as may follow the events do so
  | 'not-allowed' // the request is not one that the view socket answers
  | 'too-large' // the body of a request is over its limit
  | 'internal' // the daemon failed in a way that nobody expected: a bug
  // Messages
  | 'inbox-full' // more messages of a task wait than may
  | 'inbox-unwritable' // a message cannot be written to disk
  | 'no-message' // no message begins with this id, or several do
  | 'no-queue' // the task takes no messages
  | 'no-target' // the tasks file has no target of this name
  // The fleet
  | 'no-engine' // no server of the fleet can be reached, or none takes the login
  | 'no-fleet' // this machine is in no fleet
  | 'no-host' // a machine of the fleet does not answer
  | 'no-right' // the servers of the fleet do not allow it
  | 'fleet-file' // a file of torch fleet init has other content already, or cannot be written
  // Runs
  | 'refused' // the daemon does not start the run now: max, or it is stopping
  | 'input-unreadable' // standard input cannot be read
  | 'no-input' // the task has no input that lines can be sent to
  | 'input-full' // the run does not read its input
  | 'input-ended' // the input of the run was closed
  | 'not-running' // no run that is running matches
  | 'no-run' // no run that begins with this id is known
  | 'no-runs' // no output of any run is kept
  | 'ambiguous-run' // several runs begin with this id
  | 'no-user' // this machine has no such user
  | 'no-group' // this machine has no such group
  | 'bad-limit' // this machine does not allow a limit of the task
  | 'no-program' // a program that a run needs is missing
  | 'cannot-listen' // a socket of the task cannot be opened
  | 'no-script' // the script of a task cannot be fetched
  | 'no-env-file' // the env_file does not exist
  | 'bad-env-file' // the env_file cannot be read
  | 'metrics-unwritable' // the file of torch metrics --out cannot be written
  | 'no-pause-file' // what is paused cannot be kept
  | 'history-unreadable' // history.db cannot be read

/**
 * An error that a person can meet: the message is one line that says what happened and where, the
 * hint is one line that says what to try. Anything else that is thrown is a programming error and
 * may show its stack.
 */
export class TorchError extends Error {
  readonly code: ErrorCode
  readonly exit: number
  readonly hint: string | undefined
  /** Lines to show before the message, for example each problem of a tasks file. */
  readonly details: readonly string[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { exit?: number; hint?: string; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'TorchError'
    this.code = code
    this.exit = options.exit ?? exitStatus.failed
    this.hint = options.hint
    this.details = options.details ?? []
  }
}

/** An error as JSON: as the daemon sends it to a command. */
export interface ErrorJson {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | null
  readonly exit: number
  readonly details: readonly string[]
}

export function errorToJson({ code, message, hint, exit, details }: TorchError): ErrorJson {
  return { code, message, hint: hint ?? null, exit, details }
}

export function errorFromJson({ code, message, hint, exit, details }: ErrorJson): TorchError {
  return new TorchError(code, message, { exit, details, ...(hint !== null && { hint }) })
}

/** The message of anything that was thrown; a value that is no Error is shown as text. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
