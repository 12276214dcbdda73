import type { Host } from '../host/host.ts'
import type { ProcessIdentity } from '../host/processes.ts'
import type { Task } from '../tasks/task.ts'
import { activeFolder, type RunHome, runsFolder } from './directory.ts'
import { runEnvironment } from './environment.ts'

/**
 * The recorder is the parent of the command: a POSIX sh script, one process for each run. It needs
 * no daemon. What it writes into the run directory is enough to learn how the run ended:
 *
 *   claim    the recorder's line of /proc/self/stat. It is made first and never over an existing
 *            file, so either the recorder or a daemon that voids the run succeeds. If that daemon
 *            has already begun to remove the run, the claim does not count
 *   command  the same line of the command, written before the command starts
 *   failed   the step at which the command could not be started
 *   times    what `times` says, if the status is that of KILL: it may come from a limit
 *   exit     what the shell prints about a signal, if there was one; the last line is the status
 *
 * At the end it also writes a word into its entry in `active`, which notifies a daemon that is not its
 * parent. If the entry is gone, the end is already in the history.
 *
 * `exit` is there before, as long as the status: it is written over in place, and needs no room. A file
 * system may need room even so (btrfs copies). Then a daemon that is the parent learns the status from
 * the recorder's own exit status, and without one the recorder waits until there is room. The error
 * message of `echo` must not end up in `exit`, so it is discarded.
 *
 * The recorder may start before its run is due. It does everything that it can in advance, then waits
 * for one line on its input: run id, slot and attempt. If the input ends instead, the recorder ends.
 * It closes its input as soon as it has the claim, which tells torch that it got this far.
 *
 * It traps the signals that go to the whole group, so that it outlives the command. (dash has no names
 * for 16 STKFLT, 29 IO and 30 PWR.) Unlike an ignored signal, a trap is not inherited. The command is a foreground subshell, because a background one
 * ignores INT and QUIT. A failed redirection of a special builtin ends the shell. So the script uses
 * `echo`, not `:`, with a redirection that may fail, and it says `command exec`.
 *
 * $1 is the folder of the task's runs, $2 `active`, $3 the command's working directory, $4 its umask,
 * the rest is the command. The variables of the script have a prefix: a variable that the task's
 * environment has too would be exported to the command.
 */
export const recorderScript = `
umask 077
trap : HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS 16 29 30
torch_runs=$1 torch_active=$2 torch_cwd=$3 torch_mask=$4
shift 4
read -r torch_self </proc/self/stat || exit 125
read -r TORCH_RUN_ID TORCH_SLOT TORCH_ATTEMPT || exit 125
export TORCH_RUN_ID TORCH_SLOT TORCH_ATTEMPT
torch_run=$torch_runs/$TORCH_RUN_ID
cd -- "$torch_run" || exit 125
set -C
echo "$torch_self" 2>/dev/null >claim && [ -e run.json ] || exit 125
set +C
command exec 3>>output 2<>exit </dev/null || exit 125
(
  exec >&3 2>&3 3>&-
  torch_step=record
  trap 'echo "$torch_step" >"$torch_run/failed"' EXIT
  read -r torch_self </proc/self/stat
  echo "$torch_self" >command || exit 125
  torch_step=cwd
  cd -- "$torch_cwd" || exit 126
  unset OLDPWD
  umask "$torch_mask"
  command ulimit -Sn 1024 2>/dev/null
  torch_step=exec
  exec "$@"
)
torch_status=$?
[ "$torch_status" = 137 ] && times 2>/dev/null >times
until echo "$torch_status" >&2 2>/dev/null; do
  read -r pid name state parent rest </proc/$$/stat
  [ "$parent" = "$PPID" ] && [ "$PPID" != 1 ] && exit "$torch_status"
  sleep 1
done
[ -e "$torch_active/$TORCH_RUN_ID" ] && echo over 2>/dev/null >>"$torch_active/$TORCH_RUN_ID"
exit "$torch_status"
`

/** The recorder's shell. Any POSIX sh works: dash, bash and busybox are tested. */
export const recorderShell = '/bin/sh'

/** A recorder that waits for its run. The caller either assigns it a run or dismisses it, once. */
export interface Recorder {
  /** The task for whose runs it was started. */
  readonly task: Task
  readonly identity: ProcessIdentity
  /** Assigns it a run. False if the recorder is gone. */
  assign(line: string): boolean
  /** Ends it: there is no run for it. */
  dismiss(): void
  /** Called once when the recorder is gone. */
  onExit: (status: RecorderStatus) => void
}

/** How a recorder ended, if torch is its parent. */
export interface RecorderStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** Stands for a start time that could not be read. */
export const unknownTicks = 0

/**
 * Starts a recorder for a run of a task. If that fails, it returns undefined and calls onFailure, possibly
 * before it returns. Throws if the user, the group or the env_file of the task does not exist.
 */
export function startRecorder(
  { host, home, hostName }: RunHome,
  task: Task,
  onFailure: (error: Error) => void,
): Recorder | undefined {
  const { words, cwd, umask, variables } = runEnvironment(host, hostName, task)
  const folders = [runsFolder(home, task.name), activeFolder(home)]
  const program = host.processes.spawnGroup({
    program: recorderShell,
    args: ['-c', recorderScript, 'torch', ...folders, cwd, umask, ...words],
    env: variables,
    onExit: (status) => recorder?.onExit(status),
    onFailure,
  })
  const recorder: Recorder | undefined = program && {
    task,
    identity: identityNow(host, program.pid),
    assign: program.send,
    dismiss: program.dismiss,
    onExit() {},
  }
  return recorder
}

/** The recorder runs already, so a failure here must not count as a failed start. */
function identityNow({ processes }: Host, pid: number): ProcessIdentity {
  const unknown = { pid, startTicks: unknownTicks }
  try {
    return processes.identify(pid) ?? unknown
  } catch {
    return unknown
  }
}
