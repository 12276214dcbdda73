import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const names = Array.from({ length: 10 }, (_, index) => `job-${index}`)
const five = names.map((name) => `  ${name}: {schedule: "*/5 * * * * *", command: "true"}\n`)
const burst = `tasks:\n${five.join('')}`
/** The same burst, and a task that is due a second later. */
const burstAndLater = `${burst}  later: {schedule: "6-59/5 * * * * *", command: "true"}\n`

/** A site where each start takes 8 ms, so that three are made without a pause; the test ends the pauses. */
function slowSite(yaml: string) {
  const site = newSite(yaml)
  let spent = 0
  const pauses: (() => void)[] = []
  const clock: typeof site.clock = {
    ...site.clock,
    monotonic: () => site.clock.monotonic() + (spent += 8),
    after(ms, callback) {
      if (ms > 0) return site.clock.after(ms, callback)
      pauses.push(callback)
      return () => {}
    },
  }
  const endPauses = (): void => {
    for (let end = pauses.shift(); end !== undefined; end = pauses.shift()) end()
  }
  return { ...site, daemon: () => site.daemon({ clock }), endPauses }
}

type Daemon = Awaited<ReturnType<ReturnType<typeof slowSite>['daemon']>>

/** Tasks that have started, in this order. */
function started({ lines }: Daemon): string[] {
  return lines
    .filter(({ event }) => event === 'start')
    .map(({ facts }) => (facts as { task: string }).task)
}

describe('a burst', () => {
  test('a burst starts in its order, with short pauses', async () => {
    const site = slowSite(burst)
    const daemon = await site.daemon()
    daemon.seconds(5)
    expect(started(daemon)).toEqual(names.slice(0, 3))
    site.endPauses()
    expect(started(daemon)).toEqual(names)
    expect(daemon.state.queue.due.size).toBe(0)
  })

  test('the first start of a second comes at once, the others after the rest of the burst before', async () => {
    const site = slowSite(
      `${burstAndLater}  latest: {schedule: "6-59/5 * * * * *", command: "true"}\n`,
    )
    const daemon = await site.daemon()
    daemon.seconds(5)
    daemon.seconds(1)
    expect(started(daemon)).toEqual([...names.slice(0, 3), 'later'])
    site.endPauses()
    expect(started(daemon)).toEqual([...names.slice(0, 3), 'later', ...names.slice(3), 'latest'])
  })

  test('the next daemon starts the rest of a burst, and nothing twice', async () => {
    const site = slowSite(burstAndLater)
    const first = await site.daemon()
    first.seconds(5)
    // One second later: the next daemon examines only the last second.
    first.seconds(1)
    first.state.queue.saveNow()
    expect(started(first)).toEqual([...names.slice(0, 3), 'later'])
    const second = await site.daemon()
    site.endPauses()
    second.seconds(1)
    const all = () => second.rows().filter((row) => row.outcome === 'ok')
    await until(() => all().length === names.length + 1, 'all of them')
    expect(
      all()
        .map((row) => row.task)
        .toSorted(),
    ).toEqual([...names, 'later'])
  })

  test('a stop with --leave leaves the rest of a burst, and what is due meanwhile, to the next daemon', async () => {
    const site = slowSite(burstAndLater)
    const first = await site.daemon()
    first.seconds(5)
    // As a stop with --leave begins; a tick may still come before it is over.
    first.state.phase.enter('leaving')
    first.seconds(1)
    site.endPauses()
    expect(started(first)).toEqual(names.slice(0, 3))
    expect(first.history().filter((line) => line.includes('skipped'))).toEqual([])
    first.state.queue.saveNow()
    const second = await site.daemon()
    site.endPauses()
    second.seconds(1)
    expect(started(second).toSorted()).toEqual([...names.slice(3), 'later'])
  })

  test('a start of a burst is skipped if a reload removes its task meanwhile', async () => {
    const site = slowSite(burst)
    const daemon = await site.daemon()
    daemon.seconds(5)
    await daemon.edit(`tasks:\n${five.slice(0, 8).join('')}`)
    const skips = daemon.history().filter((line) => line.includes('skipped'))
    expect(skips).toEqual(['job-8 skipped removed', 'job-9 skipped removed'])
    site.endPauses()
    expect(started(daemon)).toEqual(names.slice(0, 8))
  })
})
