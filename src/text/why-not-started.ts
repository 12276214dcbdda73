/** Why a slot did not start, in words: from the reason of a `skipped` or `missed` row. `outcome`: which of them. */
export function whyNotStarted(reason: string, outcome?: string): string {
  // With the same reason the fleet skips a slot on a machine.
  if (reason === 'clock' && outcome === 'missed') return 'the machine slept, or its clock was set'
  return reasonTexts.get(reason) ?? reason.replace(/^max: /, 'at its max: ')
}

const reasonTexts: ReadonlyMap<string, string> = new Map([
  ['max', 'at its max'],
  ['pool', 'its pool was full'],
  ['draining', 'the daemon was stopping'],
  ['removed', 'no longer in the tasks file'],
  ['enabled', 'no longer enabled'],
  ['hosts', 'no longer for this host'],
  ['down', 'torch was down'],
  ['clock', 'its clock is too far from that of the fleet, or the machine stood still'],
  ['no fleet', 'this machine is in no fleet'],
  ['fleet unreachable', 'the fleet could not be reached in time'],
  ['drift', 'most machines of the fleet have another definition of it'],
  ['place lost', 'its place is no longer for this machine'],
  ['duplicate name', 'another machine of the fleet has the same name'],
])

/** A full pool, as messages and the log name it. */
export interface FullPool {
  readonly pool: string
  /** The runs that have its places: the first {@link maxNamedRuns}. */
  readonly runs: readonly { readonly task: string; readonly run: string }[]
  /** How many more runs have places. */
  readonly more: number
}

/** A pool may have thousands of places, and each skip is a line of the log. */
export const maxNamedRuns = 3

/** A full pool and all its runs, the oldest first. */
export function fullPoolOf(pool: string, runs: FullPool['runs']): FullPool {
  const named = runs.slice(0, maxNamedRuns)
  return { pool, runs: named, more: runs.length - named.length }
}

/** Why a start found no place: `the pool db is full: dump (20261121T081308.003-fef3f1) is running`. */
export function fullPoolText({ pool, runs, more }: FullPool): string {
  const names = runs.map(({ task, run }) => `${task} (${run})`)
  return `the pool ${pool} is full${runs.length === 0 ? '' : `: ${areRunning(names, more)}`}`
}

/** Why a task is not started by hand: it has as many runs as its `max` allows. */
export function atMaxText(task: string, runs: readonly string[]): string {
  const named = runs.slice(0, maxNamedRuns)
  return `${task} is at its max: ${areRunning(named, runs.length - named.length)}`
}

/** `a is running`, `a, b, c and 97 more are running`. */
function areRunning(names: readonly string[], more: number): string {
  const others = more === 0 ? '' : ` and ${more} more`
  return `${names.join(', ')}${others} ${names.length + more === 1 ? 'is' : 'are'} running`
}
