/** Why a slot did not start, in words: from the reason of a `skipped` or `missed` row. */
export function whyNotStarted(reason: string): string {
  return reasonTexts.get(reason) ?? reason
}

const reasonTexts: ReadonlyMap<string, string> = new Map([
  ['max', 'at its max'],
  ['draining', 'the daemon was stopping'],
  ['removed', 'no longer in the tasks file'],
  ['enabled', 'no longer enabled'],
  ['hosts', 'no longer for this host'],
  ['down', 'torch was down'],
  ['clock', 'the machine slept, or its clock was set'],
])
