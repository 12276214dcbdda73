import type { Clock } from '../../host/clock.ts'

/** Lets a number of claims be made at the same time. The others wait: who comes first is served first. */
export interface ClaimTurns {
  /**
   * Settles with what `work` gives, or with undefined if no turn came until `endMs` by the monotonic clock; then the
   * work is not done.
   */
  take<T>(endMs: number, work: () => Promise<T>): Promise<T | undefined>
}

/** More at the same time would only wait in the servers. */
export const maxClaims = 1_000

export function newClaimTurns(
  clock: Pick<Clock, 'after' | 'monotonic'>,
  most: number = maxClaims,
): ClaimTurns {
  const waiting = new Set<() => void>()
  let busy = 0

  function turn(endMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const start = (): void => {
        cancel()
        resolve(true)
      }
      const cancel = clock.after(endMs - clock.monotonic(), () => {
        waiting.delete(start)
        resolve(false)
      })
      waiting.add(start)
    })
  }

  return {
    async take(endMs, work) {
      if (busy < most) busy += 1
      // Whoever ends hands over the turn.
      else if (!(await turn(endMs))) return undefined
      try {
        return await work()
      } finally {
        const [next] = waiting
        if (next === undefined) busy -= 1
        else {
          waiting.delete(next)
          next()
        }
      }
    },
  }
}
