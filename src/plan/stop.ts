/** A run that is still there while the daemon stops. */
export interface StoppingRun {
  readonly run: string
  readonly type: 'common' | 'daemon'
  readonly ending: boolean
}

/**
 * Which runs get TERM now: those of daemon tasks at once, the others when the grace is over. KILL
 * follows for each after its own kill_after.
 */
export function planStop(runs: readonly StoppingRun[], graceIsOver: boolean): string[] {
  return runs
    .filter((each) => !each.ending && (each.type === 'daemon' || graceIsOver))
    .map((each) => each.run)
}
