import { expect, test } from 'vitest'
import { TorchError } from '../../../src/errors.ts'
import { newFleetFeed } from '../../../src/http/fleet/fleet-feed.ts'
import { fleetView } from '../../../src/http/fleet/fleet-view.ts'
import type { FleetLooks } from '../../../src/view/fleet/fleet-looks.ts'
import type { FleetStatus, Machine } from '../../../src/view/fleet/fleet-status.ts'
import { handClock } from '../../support/clock.ts'

const now = Date.parse('2026-03-10T12:00:00.000Z')

function machine(changes: Partial<Machine> = {}): Machine {
  return {
    ...{ host: 'web1', state: 'up', heardAgoMs: 0, revision: 'abc', committedMs: null },
    ...{ isOdd: false, differs: [], running: 1, places: [], offsetMs: 0.31, torch: '1' },
    ...{ tz: '2025b', hasOtherTz: false, takeovers: [] },
    ...{ trouble: [], ...changes },
  }
}

function statusOf(changes: Partial<FleetStatus> = {}): FleetStatus {
  return {
    ...{ fleet: 'prod', host: 'web1', whyNot: null, rowsWaiting: 0, machines: [], tasks: [] },
    link: { state: 'up', sinceMs: now, server: 'db1', version: '2.10.27', lastError: null },
    engine: { servers: [], leader: null, copies: 1 },
    ...{ notes: [], ...changes },
  }
}

test('a machine that is silent was heard at one moment, however often it is looked at', () => {
  const silent = (heardAgoMs: number) =>
    statusOf({ machines: [machine({ state: 'silent', heardAgoMs })] })
  const first = fleetView(silent(20_000), now, undefined)
  expect(first.machines).toMatchObject([{ heardAt: '2026-03-10T11:59:40.000Z' }])
  expect(fleetView(silent(23_012), now + 3_000, first)).toEqual(first)
  expect(fleetView(silent(1_000), now + 30_000, first).machines).toMatchObject([
    { heardAt: '2026-03-10T12:00:29.000Z' },
  ])
})

test('times and numbers that a machine says of itself may be anything', () => {
  const odd = machine({
    committedMs: Number.MAX_VALUE,
    offsetMs: 1.2345,
    heardAgoMs: null,
    state: 'unknown',
  })
  expect(fleetView(statusOf({ machines: [odd] }), now, undefined).machines).toMatchObject([
    { committedAt: null, offsetMs: 1.2, heardAt: null },
  ])
})

test('a single server is named by its address, and servers that say nothing too', () => {
  expect(fleetView(statusOf(), now, undefined).engine).toMatchObject({
    servers: ['db1'],
    isAnswering: true,
  })
  expect(fleetView(statusOf({ engine: null }), now, undefined).engine).toMatchObject({
    ...{ servers: ['db1'], isAnswering: false, leader: null, copies: null },
  })
})

test('a page does not wait for a look that takes long', async () => {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const status = statusOf()
  const answer = { status, statuses: new Map(), report: { ...status, members: [] } }
  let looks = 0
  let finish = (): void => {}
  const look: FleetLooks['look'] = () => {
    looks += 1
    return new Promise((resolve) => (finish = () => resolve(answer)))
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  const feed = newFleetFeed({ look }, clock)
  const views: unknown[] = []
  const ask = (): void => void feed.view().then((view) => views.push(view?.name))
  ask()
  ask()
  await settle()
  expect([views, looks]).toEqual([[], 1])
  clock.advance(1_000)
  await settle()
  expect(views).toEqual([undefined, undefined])
  finish()
  await settle()
  // What was seen just now is good enough; what is older is, if a new look takes long.
  ask()
  await settle()
  expect([views.slice(2), looks]).toEqual([['prod'], 1])
  clock.advance(60_000)
  ask()
  await settle()
  expect([views.slice(3), looks]).toEqual([[], 2])
  clock.advance(1_000)
  await settle()
  expect(views.slice(3)).toEqual(['prod'])
})

test('pages hear of changes and of nothing else, and of a daemon that does not answer', async () => {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  let status = statusOf()
  let fault: TorchError | undefined
  const looks: FleetLooks = {
    async look() {
      if (fault !== undefined) throw fault
      return { status, statuses: new Map(), report: { ...status, members: [] } }
    },
  }
  const feed = newFleetFeed(looks, clock)
  let heard = 0
  const stop = feed.listen(() => (heard += 1))
  const pass = async (): Promise<void> => {
    clock.advance(3_000)
    for (let turns = 0; turns < 5; turns += 1) await Promise.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect((await feed.view())?.name).toBe('prod')
  await pass()
  await pass()
  expect(heard).toBe(1)
  status = statusOf({ machines: [machine()] })
  await pass()
  expect([heard, feed.newest().version]).toEqual([2, 2])
  fault = new TorchError('no-daemon', 'no daemon runs')
  await pass()
  expect(feed.newest().view).toMatchObject({
    problem: 'no daemon runs',
    machines: [{ name: 'web1' }],
  })
  stop()
  fault = undefined
  await pass()
  expect(heard).toBe(3)
})
