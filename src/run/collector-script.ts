import { shellQuoted } from '../text/shell-quote.ts'

/**
 * The collector appends the output of a run to its file, from the pipe to the end: the command and
 * everything that it leaves behind hold the other end. It is in no process group of a run and outlives
 * the daemon. The pipe must always have a reader, because SIGPIPE would kill whoever writes. So if cat(1)
 * ends early (the disk is full), what it had read is lost, the next one continues. A line in the output
 * says so, as do the file `lost` and the exit status of the collector. If no cat can be started, the output is read and lost.
 */
export function collectorScript(cat: string): string {
  const program = shellQuoted(cat)
  return `
trap '' HUP INT QUIT ALRM TERM USR1 USR2
trap 'exec ${program} >/dev/null' EXIT
torch_lost=0 torch_untold=
until ${program}; do
  [ $? -lt 126 ] || [ -x ${program} ] || { while read -r torch_line; do :; done; trap - EXIT; exit 1; }
  torch_lost=1
  echo lost 2>/dev/null >lost
  torch_untold=
  echo '${lostText('here')}' || torch_untold=1
done
[ -z "$torch_untold" ] || echo '${lostText('above')}'
trap - EXIT
exit "$torch_lost"
`
}

/** Stands in the output where some of it is missing, or at its end if the disk had no room for it there. */
function lostText(place: 'here' | 'above'): string {
  return `\n[torch: output is missing ${place}, because it could not be written]`
}
