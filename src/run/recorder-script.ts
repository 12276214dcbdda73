import { shellQuoted } from '../text/shell-quote.ts'

/*
 * The shell scripts around a command. All of them run in /bin/sh with an environment of torch's own.
 *
 * Each script is in a variable, and `sh -c 'eval "$TORCH_RECORDER"' torch: TASK` executes it. So `ps`
 * shows a few words, no file must be found, and a shell never reads half of a script that an upgrade
 * replaces. Other users can read the arguments of a process, but not its environment. That is why the
 * values of `env` and `env_file` are there too. They have a prefix, so they mean nothing to root's programs.
 */

/** In front of the names of the task's variables, until the command is executed. */
const variablePrefix = 'TORCH_V_'
/** The words of the command: TORCH_W_0 and so on. */
const wordPrefix = 'TORCH_W_'

/** The arguments of the shell that execute the script in this variable; the words are what `ps` shows. */
export function scriptArguments(variable: string, words: readonly string[]): string[] {
  return ['-c', `eval "$${variable}"`, 'torch:', ...words]
}

/** What the scripts of one task depend on. Programs are absolute paths. */
export interface ScriptParts {
  /** The folder with the runs of the task. */
  readonly runs: string
  readonly active: string
  readonly task: string
  readonly shell: string
  readonly sleep: string
  /** The programs that set priority, limits and user, with their arguments. */
  readonly wrappers: readonly string[]
  readonly cwd: string
  /** In octal. */
  readonly umask: string
  readonly variables: Readonly<Record<string, string>>
  readonly command: readonly string[]
  /** The program may begin with `#!`. */
  readonly isScript: boolean
  /** Its command reads from a pipe that stays open (input.ts). undefined: it reads nothing. */
  readonly input?: ScriptInput | undefined
  /** What the command reads: a file in the run directory, or /dev/null. */
  readonly stdin: string
  /** The command gets sockets, and LISTEN_PID for them. */
  readonly listens: boolean
  /** The fleet shares the task: the command gets TORCH_TOKEN, the fourth word of the line. */
  readonly isShared: boolean
  /** It starts after other tasks, and gets their runs. */
  readonly isAfter: boolean
  /** busybox prefers its own programs to those in PATH, unless the path is absolute. */
  readonly isBusybox: boolean
}

/** The programs that save what a command did not read of its input. */
export interface ScriptInput {
  readonly cat: string
  readonly timeout: string | undefined
}

/** The environment of the recorder: its scripts, and what they give to the command. */
export function recorderVariables(parts: ScriptParts): Record<string, string> {
  return {
    TORCH_RECORDER: recorderScript(parts),
    TORCH_ENTER: enterScript(parts),
    ...prefixed(variablePrefix, Object.entries(parts.variables).filter(isPassedOn)),
    ...prefixed(wordPrefix, Object.entries(parts.command)),
  }
}

function prefixed(
  prefix: string,
  entries: readonly (readonly [string, string])[],
): Record<string, string> {
  return Object.fromEntries(entries.map(([name, value]) => [prefix + name, value]))
}

/** `cd` sets these two. */
function isPassedOn([name]: readonly [string, string]): boolean {
  return name !== 'PWD' && name !== 'OLDPWD'
}

/**
 * The recorder is the parent of the command, one process for each run. It needs no daemon. Its folder is
 * the run directory, and what it writes there is enough to learn how the run ended:
 *
 *   claim    the recorder's line of /proc/self/stat. It is made first and never over an existing
 *            file, so either the recorder or a daemon that voids the run succeeds. If that daemon
 *            has already begun to remove the run, the claim does not count
 *   command  the same line of the command, written before the command starts
 *   failed   why the command could not be started: its last line. An empty file means nothing
 *   times    what `times` says, if the status means KILL: a limit may be the cause
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
 * Its output is the pipe to the collector. It closes the pipe when the command has ended, and the
 * collector sees the end of the output once nobody else has the pipe.
 *
 * It traps the signals that go to the whole group, so that it outlives the command. (dash has no
 * names for 16 STKFLT, 29 IO and 30 PWR.) Unlike an ignored signal, a trap is not inherited. The command
 * is a foreground subshell, because a background one ignores INT and QUIT. A failed redirection of a special builtin ends the shell. So the script uses
 * `echo`, not `:`, with a redirection that may fail, and it says `command exec`.
 */
function recorderScript(parts: ScriptParts): string {
  const { runs, active, sleep, wrappers, shell, task, input, stdin, listens } = parts
  // The last name gets the rest of the line: several runs.
  const more = `${parts.isShared ? ' TORCH_TOKEN' : ''}${parts.isAfter ? ' TORCH_AFTER_RUN' : ''}`
  const enter =
    wrappers.length === 0
      ? 'eval "$TORCH_ENTER"'
      : `command exec 9>"$torch_run/failed" 2>&9 || exit 125
  trap - EXIT
  exec ${[...wrappers, shell, ...scriptArguments('TORCH_ENTER', [task])].map(shellQuoted).join(' ')}`
  return `
umask 077
trap : HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS 16 29 30
read -r torch_self </proc/self/stat || exit 125
read -r TORCH_RUN_ID TORCH_SLOT TORCH_ATTEMPT${more} || exit 125
export TORCH_RUN_ID TORCH_SLOT TORCH_ATTEMPT${more}
torch_run=${shellQuoted(runs)}/$TORCH_RUN_ID
set -C
echo "$torch_self" 2>/dev/null >claim && [ -e run.json ] || exit 125
set +C
${input === undefined ? '' : openInput}command exec 2<>exit <${stdin} || exit 125
${input === undefined ? '' : holdInput(listens)}(
  torch_step=record
  trap 'echo "$torch_step" 2>/dev/null >"$torch_run/failed"' EXIT
  read -r torch_self </proc/self/stat
  echo "$torch_self" 2>/dev/null >command || exit 125${listens ? listenPid : ''}
  exec 2>&1${input === undefined ? '' : ' <&6 6<&-'}
  command ulimit -Sn 1024 2>/dev/null
  ${enter}
)
torch_status=$?
exec >&-
[ "$torch_status" = 137 ] && times 2>/dev/null >times
${input === undefined ? '' : saveUnread(input)}until echo "$torch_status" >&2 2>/dev/null; do
  read -r pid name state parent rest </proc/$$/stat
  [ "$parent" = "$PPID" ] && [ "$PPID" != 1 ] && exit "$torch_status"
  ${shellQuoted(sleep)} 1
done
torch_entry=${shellQuoted(active)}/$TORCH_RUN_ID
[ -e "$torch_entry" ] && echo over 2>/dev/null >>"$torch_entry"
exit "$torch_status"
`
}

/** All signals of the trap but TERM: the holder outlives them, so that they do not end the input of a run. */
const inputSignals =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM XCPU XFSZ VTALRM PROF SYS 16 29 30'

/**
 * The input of a run: 6 is its reading end, and 8 a writing end that keeps it open. To open them does not
 * wait for the other end, because 7 is both. The recorder keeps 6, so that what the command does not read is not
 * lost with it.
 */
const openInput = `command exec 7<>in 8>in 6<in 7<&- || exit 125
`

/**
 * The holder keeps the writing end until somebody writes to the pipe \`eof\` or closes it, or TERM comes. So
 * neither the end of the daemon nor that of the recorder is the end of the input. It needs no sockets.
 */
function holdInput(listens: boolean): string {
  return `(
  trap '' ${inputSignals}
  read -r torch_self </proc/self/stat && echo "$torch_self" 2>/dev/null >holder
  read -r torch_line <eof
) </dev/null >/dev/null 2>&1 ${listens ? '3<&- 4<&- 5<&- ' : ''}6<&- &
torch_holder=$!
exec 8>&-
`
}

/**
 * Ends the holder, and writes what is left in the pipe into \`unread\`. Not by a signal: a subshell that was
 * just forked still has the trap of its parent, so TERM would be lost, and the wait would have no end. And
 * a number that bash has already reaped may belong to anybody. A signal cuts a wait short, so it is
 * repeated as long as the holder is a child. Whoever opened the pipe for writing would keep cat(1) reading for ever.
 */
function saveUnread({ cat, timeout }: ScriptInput): string {
  const bound = timeout === undefined ? '' : `${shellQuoted(timeout)} -s KILL ${maxSaveSeconds} `
  return `{
command exec 7<>eof && echo over >&7
while read -r pid name state parent rest </proc/$torch_holder/stat && [ "$parent" = $$ ]; do
  wait $torch_holder
done
exec 7>&-
( trap '' TERM ${inputSignals}; exec ${bound}${shellQuoted(cat)} <&6 ) >unread
} 2>/dev/null
`
}

/** What is in a pipe is read in a moment. */
const maxSaveSeconds = 5

/** `$$` is the recorder. The command has the pid of its subshell, whatever executes it in between. */
const listenPid = `
  export LISTEN_PID="\${torch_self%% *}"`

/**
 * The last steps before the command, as the task's user: in the recorder's own subshell, or in a shell
 * behind the wrappers. Those print their errors into `failed`, which is open as descriptor 9, the last one
 * that a shell can name: those before it are for the command. nice(1) only warns. If a step fails, its name
 * goes there. Only here do the task's variables get their names: `command export` survives a name that
 * the shell does not let anybody set.
 */
function enterScript(parts: ScriptParts): string {
  const { wrappers, cwd, umask, variables, command, isScript, isBusybox } = parts
  const names = Object.entries(variables)
    .filter(isPassedOn)
    .map(([name]) => name)
  const folder = shellQuoted(cwd)
  const words = command.map((_, index) => `${wordPrefix}${index}`)
  const behindWrappers = `
[ ! -s /proc/self/fd/9 ] || echo entered >&9
exec 2>&1
trap 'echo "$torch_step" 2>/dev/null >&9' EXIT`
  return `${wrappers.length === 0 ? '' : behindWrappers}
set -- ${words.map((word) => `"$${word}"`).join(' ')}
torch_cwd=${folder}
torch_step="cwd denied $torch_cwd"
cd -- "$torch_cwd" 2>/dev/null || {
  [ -e "$torch_cwd" ] || torch_step="cwd missing $torch_cwd"
  [ ! -e "$torch_cwd" ] || [ -d "$torch_cwd" ] || torch_step="cwd not-a-folder $torch_cwd"
  exit 126
}
umask ${umask}
torch_program=$1
case $1 in
*/*) ;;
*)
  torch_step="program not-found $${variablePrefix}PATH"
  torch_program=
  set -f
  IFS=:
  for torch_folder in $${variablePrefix}PATH; do
    [ -f "\${torch_folder:-.}/$1" ] || continue
    torch_program=\${torch_folder:-.}/$1
    [ ! -x "$torch_program" ] || break
  done
  unset IFS
  set +f
  [ -n "$torch_program" ] || exit 127 ;;
esac
[ -e "$torch_program" ] || { torch_step="program missing $torch_program"; exit 127; }
[ ! -d "$torch_program" ] || { torch_step="program folder $torch_program"; exit 126; }
[ -x "$torch_program" ] || { torch_step="program not-executable $torch_program"; exit 126; }
torch_step="exec $torch_program"
${isScript ? interpreterCheck : ''}
{
${names.map((name) => `command export "${name}=$${variablePrefix}${name}"`).join('\n')}
} 2>/dev/null
unset OLDPWD TORCH_RECORDER TORCH_ENTER ${[...words, ...names.map((name) => variablePrefix + name)].join(' ')}
${isBusybox ? 'shift; exec "$torch_program" "$@"' : 'exec "$@"'}${wrappers.length === 0 ? '' : ' 9>&-'}
`
}

/**
 * A shell that cannot execute a script prints a line of its own into the output of the run. So a missing
 * interpreter is found before. Not for other programs: dash reads a line byte by byte, and theirs is long.
 */
const interpreterCheck = `
torch_line=
[ ! -f "$torch_program" ] || read -r torch_line 2>/dev/null <"$torch_program"
case $torch_line in
'#!'*)
  torch_line=\${torch_line#'#!'}
  torch_line=\${torch_line#"\${torch_line%%[!	 ]*}"}
  torch_line=\${torch_line%%[	 ]*}
  [ -z "$torch_line" ] || [ -e "$torch_line" ] || exit 127 ;;
esac`
