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

const tasks = 'tasks:\n  job: { type: manual, command: "echo $TORCH_RUN_ID" }\n'

test(
  'events and torch logs -f continue across a missing daemon, a crash, a handover, a reload and a stop',
  { timeout: maxTestMs },
  async () => {
    const site = newSite(tasks)
    const { heard, kinds, stop, ended } = following(path.join(site.home, 'torch.sock'))
    const next = (from: number, ...wanted: readonly HeardEvent['kind'][]) =>
      until(() => wanted.every((kind) => kinds().slice(from).includes(kind)), wanted.join())
    const daemons = () => heard.flatMap((event) => (event.kind === 'hello' ? [event.daemon] : []))

    await next(0, 'lost')
    expect(heard[0]).toMatchObject({ kind: 'lost', why: { code: 'no-daemon' } })
    const pid = await startDaemon(site)
    await next(1, 'hello')
    const logs = site.spawn(['logs', '-f', 'job'])
    const { run: first } = await ask(site, 'run', { task: 'job', force: false })
    await next(2, 'start', 'end')
    expect(heard.slice(2)).toMatchObject([
      { kind: 'start', seq: 1, row: { task: 'job', outcome: 'running' }, next: null },
      { kind: 'end', seq: 2, row: { task: 'job', outcome: 'ok' } },
    ])

    await until(() => logs.stdout().includes(first), 'the output of the first run')
    process.kill(pid, 'SIGKILL')
    await next(4, 'lost')
    // Nobody says that this run starts: its folder shows it.
    const { stdout: alone } = await site.torch('run', 'job')
    await startDaemon(site)
    await next(5, 'hello')
    await site.torch('restart')
    await next(6, 'lost', 'hello')
    const { run: last } = await ask(site, 'run', { task: 'job', force: false })
    await next(8, 'start', 'end')
    await until(() => logs.stdout().includes(last), 'the output of the last run')
    expect(logs.stdout().split('\n')).toEqual([first, alone.trim(), last, ''])
    site.write('tasks.yaml', `${tasks}  more: { type: manual, command: "true" }\n`)
    await site.torch('reload')
    await next(10, 'load')
    site.write('tasks.yaml', 'tasks: 1\n')
    await site.torch('reload')
    await next(11, 'refuse')
    await site.torch('stop')
    await next(12, 'lost')

    expect(kinds()).toEqual([
      ...['lost', 'hello', 'start', 'end'],
      ...['lost', 'hello', 'lost', 'hello', 'start', 'end', 'load', 'refuse', 'lost'],
    ])
    expect(new Set(daemons()).size).toBe(3)
    stop.abort()
    await ended
  },
)
