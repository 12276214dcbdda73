/*
 * The guard of a home: a shell that ends runs whose place may belong to another machine by now. It needs no
 * daemon, so a daemon that is dead, stopped or cut off cannot keep such a run alive.
 *
 * fence/GROUP has two lines: `START-TICKS KILL-AFTER UNTIL`, and the folder of the run. GROUP is the process
 * group of the run, which has the pid of its recorder. UNTIL is in seconds of /proc/uptime: nobody can set that
 * clock, and it counts the time of a machine that sleeps. The daemon writes a file anew with each renewal.
 *
 * Once a second the guard looks at each file. If the recorder, or the command that it started, is no longer the
 * same process, the file is removed. After UNTIL it notes who ended the run, and sends TERM to the group; after
 * KILL-AFTER seconds more it sends KILL. Ten seconds after the last file it ends: the next run with a fence, or a
 * renewal, starts another one. Signals do not end it, because whoever ends the daemon may not end the fence.
 */

/** The script. Its arguments: a word for `ps`, and the folder `fence`. */
export const guardScript = `
trap '' TERM HUP INT QUIT
fence=$2
read -r self </proc/self/stat && echo "$self" >"$fence/guard"
ended=' '
idle=0

# The start of a process, as text; nothing if it is gone. The name of a process may contain anything but its last ")".
start_of() {
  stat=
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  set -- \${stat##*) }
  [ "$1" = Z ] || echo "\${20} $3"
}

# Whether a process of the run is left that is known to be of it: the recorder, or its command.
is_there() {
  [ "$(start_of "$1")" = "$2 $1" ] && return 0
  command=
  read -r command 2>/dev/null <"$3/command" || return 1
  pid=\${command%% *}
  set -- "$1" \${command##*) }
  [ "$(start_of "$pid")" = "\${21} $1" ]
}

note() {
  now=$(date +%s)
  printf '{"reason":"fence","signal":"%s","sinceMs":%s000}' "$2" "$now" >"$1/ending.json"
}

look() {
  file=$1 group=\${1##*/} up=$2
  case $group in *[!0-9]*) return ;; esac
  { read -r ticks kill_after until && read -r run; } 2>/dev/null <"$file" || return
  idle=0
  if ! is_there "$group" "$ticks" "$run"; then rm -f "$file"; return; fi
  [ "$up" -ge "$until" ] || return
  case $ended in
    *" $group-$ticks "*) ;;
    *)
      ended="$ended$group-$ticks "
      [ -s "$run/ending.json" ] || note "$run" SIGTERM
      kill -TERM "-$group" 2>/dev/null
      kill -CONT "-$group" 2>/dev/null
      ;;
  esac
  [ "$up" -ge $((until + kill_after)) ] || return
  note "$run" SIGKILL
  kill -KILL "-$group" 2>/dev/null
}

while [ "$idle" -lt 10 ]; do
  idle=$((idle + 1))
  read -r up _ </proc/uptime
  for each in "$fence"/*; do
    [ -f "$each" ] && look "$each" "\${up%%.*}"
  done
  sleep 1
done
`
