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

interface FullPool {
  readonly pool: string
  /** The runs that have its places. */
  readonly runs: readonly { readonly task: string; readonly run: string }[]
}

/** Why a start found no place: `the pool db is full: dump (20261121T081308.003-fef3f1) is running`. */
export function fullPoolText({ pool, runs }: FullPool): string {
  const names = runs.map(({ task, run }) => `${task} (${run})`).join(', ')
  const are = runs.length === 1 ? 'is' : 'are'
  return `the pool ${pool} is full${runs.length === 0 ? '' : `: ${names} ${are} running`}`
}
