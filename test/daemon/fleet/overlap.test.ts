import fs from 'node:fs'
import { expect, test } from 'vitest'
import { runningFleet } from '../../support/fleet/daemons.ts'
import { until } from '../../support/until.ts'

/** A run ends when the file of its slot is there, in the folder of the first machine. */
function job(folder: string, keys: string): string {
  const command = `until test -e ${folder}/go-$TORCH_SLOT; do sleep 0.05; done`
  return `{job: {schedule: "0 * * * * *", command: "${command}", scope: fleet, ${keys}}}`
}

async function waiting(keys: string, names = ['web1', 'web2']) {
  const folder = fs.mkdtempSync('/tmp/torch-overlap-')
  const fleet = await runningFleet(job(folder, keys), names)
  const running = () => fleet.daemons.flatMap((daemon) => daemon.running('job'))
  return {
    ...fleet,
    running,
    let(slot: string) {
      fs.writeFileSync(`${folder}/go-2026-03-10T12:0${slot}:00Z`, '')
    },
    /** Time passes until that is true. */
    passUntil: (isTrue: () => boolean, what: string) =>
      until(async () => {
        await fleet.pass(200)
        return isTrue()
      }, what),
    remove: () => fs.rmSync(folder, { recursive: true }),
    /** The outcome of each slot, by its minute. */
    minutes: () =>
      fleet.daemons
        .flatMap((daemon) => daemon.rows())
        .map(({ slot, outcome, reason }) =>
          `${slot?.slice(15, 16)} ${outcome} ${reason ?? ''}`.trim(),
        )
        .toSorted((a, b) => (a < b ? -1 : 1)),
  }
}

test('overlap: queue lets one start of the whole fleet wait, and skips the next', async () => {
  const fleet = await waiting('overlap: queue')
  try {
    await fleet.pass(190_000, 50)
    // Minute 1 runs, minute 2 waits, minute 3 is skipped.
    expect(fleet.minutes().map((row) => row.replace(/web\d/, 'web'))).toEqual([
      '1 running',
      '3 skipped max: runs on web',
    ])
    expect(fleet.running()).toHaveLength(1)
    fleet.let('1')
    await fleet.passUntil(() => fleet.minutes().includes('2 running'), 'the start that waited')
    expect(fleet.minutes()).toContain('1 ok')
    fleet.let('2')
    await fleet.passUntil(() => fleet.running().length === 0, 'the end')
    await fleet.pass(1_000)
    const places = [...fleet.engine.stored.values()].filter(({ subject }) =>
      subject.startsWith('place.job'),
    )
    expect(
      places.map(({ subject, value }) => [subject, (value as { state: string }).state]),
    ).toEqual([
      ['place.job.0', 'free'],
      ['place.job.q', 'free'],
    ])
  } finally {
    fleet.remove()
  }
})

test('the start that waits for the fleet waits on when its daemon is killed and comes back', async () => {
  const fleet = await waiting('overlap: queue')
  try {
    await fleet.pass(175_000, 50)
    expect(fleet.minutes()).toEqual(['1 running'])
    const index = fleet.daemons.findIndex(({ state }) => state.queue.held.size > 0)
    const machine = fleet.machines[index]
    machine?.machine.kill()
    fleet.daemons[index]?.kill()
    // The time of its slot is over meanwhile.
    await fleet.pass(8_000, 50)
    const next = await machine?.site.daemon()
    await fleet.pass(20_000, 50)
    fleet.let('1')
    await fleet.passUntil(() => (next?.running('job').length ?? 0) > 0, 'the start that waited')
    expect(next?.rows().map(({ slot, outcome }) => [slot?.slice(15, 16), outcome])).toContainEqual([
      ...['2', 'running'],
    ])
    fleet.let('2')
    await next?.runs('job', 0)
  } finally {
    fleet.remove()
  }
})

test('overlap: replace ends the oldest run of the fleet, on whichever machine it is', async () => {
  const fleet = await waiting('overlap: replace')
  try {
    await fleet.pass(61_000, 50)
    expect(fleet.minutes()).toEqual(['1 running'])
    await fleet.pass(60_000, 50)
    await fleet.passUntil(() => fleet.minutes().includes('2 running'), 'the next run')
    expect(fleet.minutes()).toEqual(['1 killed replace', '2 running'])
    fleet.let('2')
    await fleet.passUntil(() => fleet.running().length === 0, 'the end')
  } finally {
    fleet.remove()
  }
})

test('max counts in the whole fleet, and max_per_host on each machine', async () => {
  const fleet = await waiting('max: 3, max_per_host: 2')
  try {
    await fleet.pass(270_000, 50)
    const counts = fleet.daemons.map((daemon) => daemon.running('job').length)
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2])
    const rows = fleet.minutes().filter((row) => row.includes('skipped'))
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatch(/^4 skipped max: runs on web\d, web\d$/)
    for (const minute of ['1', '2', '3']) fleet.let(minute)
    await fleet.passUntil(() => fleet.running().length === 0, 'the end')
  } finally {
    fleet.remove()
  }
})

test('a slot that nobody started is caught up once in the fleet', async () => {
  const yaml =
    '{job: {schedule: "0 * * * * *", command: "true", scope: fleet, catchup: latest, catchup_window: 1h}}'
  const fleet = await runningFleet(yaml, ['web1', 'web2'])
  await fleet.pass(61_000)
  await fleet.ended('job')
  for (const [index, daemon] of fleet.daemons.entries()) {
    fleet.machines[index]?.machine.kill()
    daemon.kill()
  }
  // All machines are down for three slots and more.
  fleet.clock.advance(200_000)
  const daemons = []
  for (const { site } of fleet.machines) daemons.push(await site.daemon())
  await fleet.pass(20_000)
  for (const daemon of daemons) await daemon.runs('job', 0)
  const rows = daemons.flatMap((daemon) => daemon.rows())
  const caught = rows.filter(
    ({ trigger, outcome }) => trigger === 'catchup' && outcome !== 'missed',
  )
  expect(caught.map(({ slot, outcome }) => [slot, outcome])).toEqual([
    ['2026-03-10T12:04:00Z', 'ok'],
  ])
})
