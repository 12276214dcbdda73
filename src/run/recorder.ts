/**
 * The recorder: parent of the command, in POSIX sh, one per run. It may be there before its run: it
 * waits for one line, the id of the run, its slot and its attempt, and ends where none comes. From
 * then on it needs no daemon: what it writes into the directory of the run is enough to learn what
 * became of it.
 *
 *   claim    its own line of /proc/self/stat; made first and never over an existing one, so that
 *            either it or a daemon that voids the run wins; void after all where that daemon has
 *            begun to remove the run
 *   command  the same line of the command, which is not started before it is there
 *   failed   the step at which the command could not be started
 *   exit     what the shell says of a signal, if there was one, and the status on a last line
 *
 * and a word into its entry in `active`, by which a daemon that is not its parent hears of the end;
 * where that is gone, the end is on record already.
 * Where the disk is full a daemon that is its parent learns the status from it directly; without
 * one it waits until there is room; what `echo` says of that must not get in among it.
 *
 * It traps the signals that go to the whole group, to outlive the command; a trap, unlike an
 * ignored signal, is not inherited. The command is a foreground subshell, because in a background
 * one INT and QUIT would be ignored. `echo`, and not `:`, where a redirection may fail: that would
 * end the shell, as `exec` would without `command`. What it can do before the line it does before.
 * It closes its input when it has the claim: it has come so far. $1 is the folder of the task's runs,
 * $2 `active`, $3 the command's working directory, $4 its umask, the rest the command.
 * Its variables have a prefix: one that the task's environment has too would be exported to it.
 */
export const recorderScript = `
umask 077
trap : HUP INT QUIT PIPE ALRM TERM USR1 USR2
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
command exec 3>>output 2>exit </dev/null || exit 125
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
until echo "$torch_status" >&2 2>/dev/null; do
  read -r pid name state parent rest </proc/$$/stat
  [ "$parent" = "$PPID" ] && [ "$PPID" != 1 ] && exit "$torch_status"
  sleep 1
done
[ -e "$torch_active/$TORCH_RUN_ID" ] && echo over 2>/dev/null >>"$torch_active/$TORCH_RUN_ID"
exit "$torch_status"
`

/** The recorder's shell: any POSIX sh will do (dash, bash and busybox are tried). */
export const recorderShell = '/bin/sh'

/** What the recorder wrote into `exit`; undefined while there is no complete last line. */
export function parseExit(
  text: string | undefined,
): { status: number; signalled: boolean } | undefined {
  const match = /(?:^|\n)(\d{1,3})\n$/.exec(text ?? '')
  if (match === null) return undefined
  return { status: Number(match[1]), signalled: match.index > 0 }
}
