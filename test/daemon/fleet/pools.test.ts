import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runningFleet } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

/** Machines whose pool is taken by a run of `hog`, on these hosts, until free() is called. */
async function busyFleet(hosts: string, keys: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-pools-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const command = `until test -e ${folder}/go; do sleep 0.05; done`
  const hog = `hog: {schedule: "1 0 12 10 3 *", command: "${command}", pool: db, hosts: ${hosts}}`
  const job = `job: {schedule: "5 0 12 10 3 *", command: "exec sleep 60", pool: db, scope: fleet, ${keys}}`
  const groups = 'hosts: {all: [web1, web2]}\npools: {db: 1}'
  const fleet = await runningFleet(`{${hog}, ${job}}\n${groups}`, ['web1', 'web2'])
  const jobs = () =>
    fleet.daemons.flatMap((daemon) =>
      daemon
        .rows()
        .filter(({ task }) => task === 'job')
        .map(({ outcome, reason }) => `${outcome} ${reason ?? ''}`.trim()),
    )
  return {
    ...fleet,
    jobs,
    free: () => fs.writeFileSync(`${folder}/go`, ''),
    passUntil: (isTrue: () => boolean, what: string) =>
      until(async () => {
        await fleet.pass(200)
        return isTrue()
      }, what),
  }
}

test('a slot of the fleet starts on the machine whose pool has room', async () => {
  const fleet = await busyFleet('[web1]', 'prefer: [web1]')
  await fleet.pass(12_000)
  expect(fleet.daemons.map((daemon) => daemon.running('job').length)).toEqual([0, 1])
  expect(fleet.jobs()).toEqual(['running'])
})

test('a slot of the fleet is skipped once if the pools of all machines are full', async () => {
  const fleet = await busyFleet('[all]', 'max: 1')
  await fleet.pass(20_000)
  expect(fleet.jobs()).toEqual(['skipped pool'])
  expect([...fleet.engine.stored.keys()].length).toBeGreaterThan(0)
  await fleet.pass(2_000)
  const places = [...fleet.engine.stored.values()].filter(({ subject }) =>
    subject.startsWith('place.job'),
  )
  expect(places.map(({ value }) => (value as { state: string }).state)).toEqual(['free'])
})

test('with overlap: queue, a slot of the fleet waits on one machine until its pool has room', async () => {
  const fleet = await busyFleet('[all]', 'overlap: queue')
  await fleet.pass(20_000)
  expect(fleet.jobs()).toEqual([])
  const waiting = fleet.daemons.flatMap(({ state }) => [...state.queue.waiting.values()])
  expect(waiting).toHaveLength(1)
  fleet.free()
  await fleet.passUntil(() => fleet.jobs().includes('running'), 'the start that waited')
  expect(fleet.jobs()).toEqual(['running'])
})
