import { describe, expect, test } from 'vitest'
import { writePending } from '../../../src/daemon/starts/pending.ts'
import { makeStop } from '../../../src/daemon/stop.ts'
import { newSite, until } from '../support.ts'

const names = Array.from({ length: 10 }, (_, index) => `job-${index}`)
const five = names.map((name) => `  ${name}: {schedule: "*/5 * * * * *", command: "true"}\n`)
const burst = `tasks:\n${five.join('')}`
/** The same, and one that is due a second later. */
const burstAndLater = `${burst}  later: {schedule: "6-59/5 * * * * *", command: "true"}\n`

/** A site on which each start takes 8 ms, so that three are a turn. */
function slowSite(yaml: string) {
  const site = newSite(yaml)
  let spent = 0
  const clock = { ...site.clock, monotonic: () => site.clock.monotonic() + (spent += 8) }
  return { ...site, daemon: () => site.daemon({ clock }) }
}

type Daemon = Awaited<ReturnType<ReturnType<typeof slowSite>['daemon']>>

/** Tasks that have started, in this order. */
function started({ lines }: Daemon): string[] {
  return lines
    .filter(({ event }) => event === 'start')
    .map(({ facts }) => (facts as { task: string }).task)
}

describe('a burst', () => {
  test('is started turn by turn, in its order', async () => {
    const site = slowSite(burst)
    const daemon = await site.daemon()
    daemon.seconds(5)
    expect(started(daemon)).toEqual(names.slice(0, 3))
    site.clock.advance(0)
    expect(started(daemon)).toEqual(names)
    expect(daemon.torch.due.size).toBe(0)
  })

  test('is over before what is due later, but for the first of each second', async () => {
    const site = slowSite(
      `${burstAndLater}  latest: {schedule: "6-59/5 * * * * *", command: "true"}\n`,
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    site.clock.set(site.clock.now() + 1000)
    daemon.tick()
    expect(started(daemon)).toEqual([...names.slice(0, 3), 'later'])
    site.clock.advance(0)
    expect(started(daemon)).toEqual([...names.slice(0, 3), 'later', ...names.slice(3), 'latest'])
  })

  test('outlives the daemon: what had no turn is started by the next, and nothing twice', async () => {
    const site = slowSite(burstAndLater)
    const first = await site.daemon()
    first.seconds(5)
    // One second later what the one before left half done is not looked for any more.
    site.clock.set(site.clock.now() + 1000)
    first.tick()
    writePending(first.torch)
    expect(started(first)).toEqual([...names.slice(0, 3), 'later'])
    const second = await site.daemon()
    second.seconds(1)
    const all = () => second.rows().filter((row) => row.outcome === 'ok')
    await until(() => all().length === names.length + 1, 'all of them')
    expect(
      all()
        .map((row) => row.task)
        .toSorted(),
    ).toEqual([...names, 'later'])
  })

  test("is the next daemon's where a stop leaves it, and so is what comes up meanwhile", async () => {
    const site = slowSite(burstAndLater)
    const first = await site.daemon()
    first.seconds(5)
    makeStop(first.torch).ask({ graceMs: null, leave: true })
    site.clock.set(site.clock.now() + 1000)
    first.tick()
    site.clock.advance(0)
    expect(started(first)).toEqual(names.slice(0, 3))
    expect(first.history().filter((line) => line.includes('skipped'))).toEqual([])
    writePending(first.torch)
    const second = await site.daemon()
    second.seconds(1)
    expect(started(second).toSorted()).toEqual([...names.slice(3), 'later'])
  })

  test('loses what the file has lost meanwhile, with the reason', async () => {
    const site = slowSite(burst)
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.edit(`tasks:\n${five.slice(0, 8).join('')}`)
    const skips = daemon.history().filter((line) => line.includes('skipped'))
    expect(skips).toEqual(['job-8 skipped removed', 'job-9 skipped removed'])
    site.clock.advance(0)
    expect(started(daemon)).toEqual(names.slice(0, 8))
  })
})
