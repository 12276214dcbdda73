import path from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { followEvents, type HeardEvent } from '../../src/follow/events.ts'
import { wallClock } from '../../src/host/clock.ts'
import { ask, maxTestMs, startDaemon } from '../support/daemon.ts'
import { closeSites, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'

afterEach(closeSites)

/** Follows the events of a home until the test is over. */
function following(socket: string) {
  const heard: HeardEvent[] = []
  const stop = new AbortController()
  const ended = (async () => {
    const { signal } = stop
    for await (const event of followEvents({ clock: wallClock, socket, signal })) heard.push(event)
  })()
  onTestFinished(() => stop.abort())
  return { heard, kinds: () => heard.map(({ kind }) => kind), stop, ended }
}

test(
  'events continue across a missing daemon, a crash, a handover, a reload and a stop',
  { timeout: maxTestMs },
  async () => {
    const site = newSite('tasks:\n  job: { type: manual, command: "true" }\n')
    const { heard, kinds, stop, ended } = following(path.join(site.home, 'torch.sock'))
    const next = (from: number, ...wanted: readonly HeardEvent['kind'][]) =>
      until(() => wanted.every((kind) => kinds().slice(from).includes(kind)), wanted.join())
    const daemons = () => heard.flatMap((event) => (event.kind === 'hello' ? [event.daemon] : []))

    await next(0, 'lost')
    expect(heard[0]).toMatchObject({ kind: 'lost', why: { code: 'no-daemon' } })
    const pid = await startDaemon(site)
    await next(1, 'hello')
    await ask(site, 'run', { task: 'job', force: false })
    await next(2, 'start', 'end')
    expect(heard.slice(2)).toMatchObject([
      { kind: 'start', seq: 1, row: { task: 'job', outcome: 'running' }, next: null },
      { kind: 'end', seq: 2, row: { task: 'job', outcome: 'ok' } },
    ])

    process.kill(pid, 'SIGKILL')
    await next(4, 'lost')
    await startDaemon(site)
    await next(5, 'hello')
    await site.torch('restart')
    await next(6, 'lost', 'hello')
    site.write(
      'tasks.yaml',
      'tasks:\n  job: { type: manual, command: "true" }\n  more: { type: manual, command: "true" }\n',
    )
    await site.torch('reload')
    await next(8, 'load')
    site.write('tasks.yaml', 'tasks: 1\n')
    await site.torch('reload')
    await next(9, 'refuse')
    await site.torch('stop')
    await next(10, 'lost')

    expect(kinds()).toEqual([
      ...['lost', 'hello', 'start', 'end'],
      ...['lost', 'hello', 'lost', 'hello', 'load', 'refuse', 'lost'],
    ])
    expect(new Set(daemons()).size).toBe(3)
    stop.abort()
    await ended
  },
)
