import { newSleep } from '../../host/clock.ts'
import { endRun } from '../../run/end.ts'
import type { SharedParts } from './agreement.ts'
import { isIn } from './fleet.ts'
import {
  type FullPlaces,
  type Holder,
  type PlaceWish,
  placesOf,
  takeAny,
  type Taken,
  tryEach,
} from './take-any.ts'

/** How soon the places are looked at again if nobody says that one is free. */
const lookMs = 5_000
const answerMs = 5_000

/**
 * Waits until a place is free. In the whole fleet one start of a task waits: it has the place `q`. With `overlap:
 * replace` it asks the oldest run to end. `left`: the daemon leaves it to the next one, or the start was dropped.
 */
export async function waitInLine(
  parts: SharedParts,
  wish: PlaceWish,
  full: FullPlaces,
): Promise<Taken | { readonly kind: 'left' }> {
  const { fleet, queue, phase, runContext } = parts
  const { task, start } = wish
  const { clock } = runContext.host
  const line = await enter(parts, wish)
  if (line.kind === 'full') return full
  if (line.kind !== 'held') return line
  const { sleep, wake } = newSleep(clock)
  const ignore = fleet.onHint((hint) => {
    if (hint.kind === 'free' && hint.task === task.name) wake()
  })
  try {
    for (;;) {
      if (phase.now !== 'running') return { kind: 'left' }
      if (!queue.held.has(start)) break
      const tried = await look(parts, wish)
      if (tried.kind === 'held' || fleet.holdings.byId(line.id) === undefined) {
        void fleet.holdings.free(line.id)
        return tried
      }
      if (task.overlap === 'replace' && tried.kind === 'full' && tried.isNew !== true)
        await askOldest(parts, tried.holders)
      await sleep(lookMs)
    }
    void fleet.holdings.free(line.id)
    return { kind: 'left' }
  } finally {
    ignore()
  }
}

/** A daemon that takes over is in the line already, with the start that waited. */
async function enter(parts: SharedParts, wish: PlaceWish): Promise<Taken> {
  const { fleet, queue } = parts
  const { task, start } = wish
  const own = fleet.holdings.of(task.name).find(({ key }) => key.index === 'q')
  if (own === undefined) return takeAny(parts, wish, ['q'])
  const isTaken = queue
    .heldOf(task.name)
    .some((other) => other !== start && other.claim?.sequence !== undefined)
  return isTaken ? { kind: 'full', holders: [], againMs: Infinity } : { kind: 'held', id: own.id }
}

/** This machine may have a run that must end first, although others have none. */
async function look(parts: SharedParts, { task, start }: PlaceWish): Promise<Taken> {
  const { runs, runContext } = parts
  const own = runs.of(task.name)
  if (own.length >= task.fleet.maxPerHost) {
    const [oldest] = own
    if (task.overlap === 'replace' && oldest !== undefined) endRun(runContext, oldest, 'replace')
    return { kind: 'full', holders: [], againMs: Infinity }
  }
  const endMs = runContext.host.clock.monotonic() + answerMs
  return tryEach(parts, { task, start, endMs }, placesOf(task))
}

/** Writes the wish into the oldest place; its machine sees that when it renews the place. Once is enough. */
async function askOldest(
  { fleet, runs, runContext }: SharedParts,
  holders: readonly Holder[],
): Promise<void> {
  const [oldest] = holders.toSorted((a, b) => a.by.sinceMs - b.by.sinceMs)
  if (oldest === undefined || holders.some(({ by }) => by.ask !== undefined)) return
  const { key, by, sequence } = oldest
  const own = fleet.holdings.byId(by.run)
  if (own === undefined) {
    const id = fleet.placeParts.newId()
    await fleet.engine.putPlace(key, { ...by, ask: 'replace' }, { expected: sequence, id })
    return
  }
  for (const run of runs.all()) if (isIn(run, own)) endRun(runContext, run, 'replace')
}
