import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openHoldings } from '../../src/fleet/holdings.ts'
import { takePlace } from '../../src/fleet/take-place.ts'
import type { GetAnswer, PutAnswer } from '../../src/plan/fleet/answers.ts'
import type { HeldPlace, Place } from '../../src/plan/fleet/records.ts'
import { newFaults } from '../../src/run/faults.ts'
import { thisMachine } from '../../src/host/host.ts'
import { until } from '../support/until.ts'
import { handClock } from '../support/clock.ts'

const key = { task: 'job', index: 0 }
const place: HeldPlace = {
  ...{ v: 1, state: 'held', host: 'web1', session: 's', run: 'old', slot: null, message: 'm0' },
  ...{ holdForMs: 45_000, sinceMs: 0 },
}
const silent = { kind: 'silent', words: 'no answer' } as const

/** A machine that had a place when the engine went away, and gives it back. */
function givingBack() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-holdings-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true }))
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const puts: { readonly expected: number; readonly place: Place }[] = []
  const engine = {
    put: (): PutAnswer => silent,
    get: (): GetAnswer<Place> => silent,
  }
  let ids = 0
  const parts = {
    engine: {
      async putPlace(_: unknown, next: Place, { expected }: { readonly expected: number }) {
        puts.push({ expected, place: next })
        return engine.put()
      },
      getPlace: async () => engine.get(),
      placesAge: async () => silent,
      tell() {},
    },
    ...{ clock, uptimeMs: () => clock.monotonic(), random: () => 0.5, newId: () => `m${++ids}` },
  }
  const open = () =>
    openHoldings({
      ...parts,
      host: { ...thisMachine(), clock },
      file: path.join(home, 'fleet.json'),
      faults: newFaults(clock, () => {}),
      ...{ onRenewed() {}, onLost() {}, onAsk() {} },
    })
  const holdings = open()
  holdings.add({ key, place, sequence: 50, sentMs: clock.monotonic() }, { fenceMs: undefined })
  void holdings.free('old')
  return { parts, engine, puts, holdings, open, clock }
}

test('the next daemon has the places that were not given back yet, and gives them back', () => {
  const { holdings, open } = givingBack()
  expect(holdings.all()).toEqual([])
  holdings.leave(undefined)
  expect(open().all()).toMatchObject([{ id: 'old', key }])
})

test('a machine takes a place at once that it gives back itself, and never waits for its own promise', async () => {
  const { parts, engine, puts, holdings, clock } = givingBack()
  await until(() => puts.length > 0, 'the first try')
  engine.get = () => ({ kind: 'found', value: place, sequence: 50, storedMs: 0 })
  engine.put = () => ({ kind: 'stored', sequence: 51 })
  const { message: _, ...next } = { ...place, run: 'new' }
  const request = { key, place: next, sighting: undefined, endMs: clock.monotonic() + 5_000 }
  expect(await takePlace(parts, request)).toMatchObject({ kind: 'taken', by: { run: 'old' } })
  const isGivenBack = holdings.isGivingBack
  expect(await takePlace(parts, { ...request, isGivenBack })).toMatchObject({
    ...{ kind: 'held', from: undefined, holding: { sequence: 51, place: { run: 'new' } } },
  })
})
