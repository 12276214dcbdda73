import type { Clock } from '../../host/clock.ts'

/** So long what can wait may keep the loop from what is due: a tick, an end of a run, a request. */
const maxSliceMs = 5

/** Steps between two looks at the clock: they take microseconds each. */
const stepsPerLook = 16

/** Does work in slices, between which all that is due meanwhile has its turn. */
export async function inSlices<Result>(
  clock: Clock,
  work: Generator<unknown, Result>,
): Promise<Result> {
  for (;;) {
    const end = clock.monotonic() + maxSliceMs
    do {
      for (let count = 0; count < stepsPerLook; count++) {
        const step = work.next()
        if (step.done === true) return step.value
      }
    } while (clock.monotonic() < end)
    await clock.turn()
  }
}
