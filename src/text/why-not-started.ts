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

/** Why a person's start is refused: the runs that take the places of the pool. */
export function poolFullText(
  task: string,
  pool: string,
  runs: readonly { readonly task: string; readonly run: string }[],
): string {
  const names = runs.map((each) => `${each.task} (${each.run})`).join(', ')
  return `${task} is not started: the pool ${pool} is full: ${names} ${runs.length === 1 ? 'is' : 'are'} running`
}
