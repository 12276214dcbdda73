import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { statusOf, statusOfTask } from '../../../src/daemon/control/daemon-status.ts'
import { realSockets } from '../../../src/host/listening-sockets.ts'
import { type Host, thisMachine } from '../../../src/host/host.ts'
import { isAlive } from '../../../src/host/processes.ts'
import { newSite } from '../../support/daemon-here.ts'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/until.ts'

type Site = ReturnType<typeof newSite>
type Here = Awaited<ReturnType<Site['daemon']>>

/** A run says `up` once the file `up` is there. */
const command = 'while [ ! -e up ]; do sleep 0.02; done; echo is up now; exec sleep 60'

function yaml(more: string, text = command): string {
  const keys = `type: daemon, cwd: ".", command: ${JSON.stringify(text)}, restart: {delay: 2s}`
  return `tasks: {web: {${keys}, ready: {line: up, timeout: 10s}, ${more}}}`
}

function say(site: Site, isUp: boolean): void {
  const file = path.join(site.folder, 'up')
  if (isUp) fs.writeFileSync(file, '')
  else fs.rmSync(file, { force: true })
}

const task = ({ state }: Here) => statusOfTask(state, 'web').tasks[0]
const readyCount = (daemon: Here) => Object.values(task(daemon)?.ready ?? {}).filter(Boolean).length

/** Moves the clock until that many runs are ready. */
function ready(site: Site, daemon: Here, count: number): Promise<boolean> {
  return until(() => {
    site.clock.advance(25)
    return readyCount(daemon) === count
  }, `${count} ready runs`)
}

describe('a run that is waited for', () => {
  test('it is ready when its output has the text, also for the daemon that adopts it', async () => {
    const site = newSite(yaml('max: 2'))
    const first = await site.daemon()
    await first.begun('web')
    site.clock.advance(1000)
    expect(task(first)?.ready).toEqual(
      Object.fromEntries(first.running('web').map((run) => [run, false])),
    )
    // The next daemon looks for the text again, from the beginning.
    const second = await site.daemon()
    say(site, true)
    await ready(site, second, 2)
    expect(second.lines.filter(({ event }) => event === 'ready')).toHaveLength(3)
    const third = await site.daemon()
    expect(readyCount(third)).toBe(2)
  })

  test('one that said so while no daemon ran is ready, although its time is over', async () => {
    const site = newSite(yaml('max: 1'))
    const first = await site.daemon()
    await first.begun('web')
    const [run = ''] = first.running('web')
    first.kill()
    say(site, true)
    const output = path.join(site.home, 'runs/web', run, 'output')
    await until(() => fs.readFileSync(output, 'utf8').includes('up now'), 'the line of the run')
    site.clock.advance(60_000)
    const second = await site.daemon()
    await ready(site, second, 1)
    expect(second.running('web')).toEqual([run])
  })

  test('one that is not ready in time is ended and failed, as is one that ends before', async () => {
    const site = newSite(yaml('kill_after: 1s'))
    const daemon = await site.daemon()
    await daemon.begun('web')
    site.clock.advance(10_000)
    await daemon.runs('web', 0)
    await daemon.edit(yaml('max: 1', 'exit 4'))
    await until(() => daemon.history().length === 2, 'the second run')
    await daemon.runs('web', 0)
    expect(daemon.history()).toEqual(['web failed not ready', 'web failed not ready'])
    expect(daemon.rows().map(({ exitCode, signal }) => [exitCode, signal])).toEqual([
      [null, 'SIGTERM'],
      [4, null],
    ])
  })

  test('without sockets the old run ends first, and the next one waits until its successor is ready', async () => {
    const site = newSite(yaml('max: 2'))
    say(site, true)
    const daemon = await site.daemon()
    await ready(site, daemon, 2)
    const [a, b] = daemon.running('web')
    say(site, false)
    await daemon.edit(yaml('max: 2, nice: 1'))
    await until(() => !daemon.running('web').includes(a ?? ''), 'the end of the first')
    await daemon.runs('web', 2)
    await daemon.begun('web')
    site.clock.advance(1000)
    expect(daemon.running('web')).toContain(b)
    say(site, true)
    await until(() => {
      site.clock.advance(25)
      return !daemon.running('web').includes(b ?? '')
    }, 'the end of the second')
    await ready(site, daemon, 2)
  })
})

describe.skipIf(realSockets.whyNot() !== undefined)('a task with a socket', () => {
  test('without koffi its run cannot start, and says why', async () => {
    const site = newSite(yaml(`listen: ${await freePort()}`))
    const missing = Object.assign(new Error('listen needs koffi'), { code: 'ENOSYS' })
    const daemon = await site.daemon({ sockets: failing(missing) })
    await daemon.runs('web', 0)
    expect(daemon.history()).toEqual(['web spawn-failed listen needs koffi'])
    expect(task(daemon)?.listen?.[0]?.held).toBe(false)
  })

  test('without a free descriptor its run cannot start, which is trouble until it can', async () => {
    const port = await freePort()
    const site = newSite(yaml(`listen: ${port}`))
    const full = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
    let isFull = true
    const open: Host['sockets']['open'] = (...words) => {
      if (isFull) throw full
      return realSockets.open(...words)
    }
    const daemon = await site.daemon({ sockets: { ...realSockets, open } })
    await daemon.runs('web', 0)
    const why = `cannot listen on ${port}: too many open files`
    expect(daemon.history()).toEqual([`web spawn-failed ${why}`])
    const trouble = async () =>
      (await statusOf(daemon.state)).trouble?.map(({ message }) => message)
    expect(await trouble()).toEqual([`could not open sockets: ${why}`])
    isFull = false
    site.clock.advance(2_000)
    await daemon.runs('web', 1)
    expect(await trouble()).toEqual([])
  })

  test('a daemon that may not take it out of the run ends the old run first, and says so before', async () => {
    const site = newSite(yaml(`listen: ${await freePort()}`))
    say(site, true)
    const first = await site.daemon()
    await ready(site, first, 1)
    first.kill()
    // As the system does when a process is killed.
    for (const { descriptor } of first.state.sockets.held.values()) fs.closeSync(descriptor)
    const denied = Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
    const takeFrom = (): never => {
      throw denied
    }
    const second = await site.daemon({ sockets: { ...realSockets, takeFrom } })
    const [old] = second.running('web')
    expect(task(second)?.listen?.[0]?.held).toBe(false)
    await second.edit(yaml(`listen: ${task(second)?.listen?.[0]?.address}, nice: 1`))
    await until(() => !second.running('web').includes(old ?? ''), 'the end of the old run')
    await ready(site, second, 1)
    const events = second.lines.map(({ event }) => event)
    expect(events.filter((event) => event === 'start' || event === 'end')).toEqual(['end', 'start'])
    expect(task(second)?.listen?.[0]?.held).toBe(true)
    expect(second.history().slice(0, 1)).toEqual(['web killed reload'])
  })

  test('torch kill ends a run of a paused task at once, because no successor starts', async () => {
    const site = newSite(yaml(`listen: ${await freePort()}`))
    say(site, true)
    const daemon = await site.daemon()
    await ready(site, daemon, 1)
    const [run] = daemon.running('web')
    await daemon.ask('pause', { tasks: ['web'] })
    const killed = await daemon.ask('kill', { target: 'web', signal: null })
    expect(killed).toEqual({ runs: [{ task: 'web', run }] })
    await daemon.runs('web', 0)
    expect(daemon.history()).toEqual(['web killed kill'])
  })

  test('another address is opened before the old run ends, which ends when the new one is ready', async () => {
    const site = newSite(yaml(`listen: ${await freePort()}`))
    say(site, true)
    const daemon = await site.daemon()
    await ready(site, daemon, 1)
    const [old = ''] = daemon.running('web')
    const before = daemon.lines.length
    const port = await freePort()
    await daemon.edit(yaml(`listen: ${port}`))
    await until(() => {
      site.clock.advance(25)
      return !daemon.running('web').includes(old)
    }, 'the end of the old run')
    const happened = daemon.lines.slice(before).map(({ event, words }) => `${event} ${words}`)
    const order = [`listen web listens on ${port}`, 'start ', 'ready web is ready', 'end ']
    const places = order.map((each) => happened.findIndex((line) => line.startsWith(each)))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  })

  test('after the death of the daemon and of all runs, the next daemon opens the address again', async () => {
    const site = newSite(yaml(`listen: ${await freePort()}`))
    say(site, true)
    const first = await site.daemon()
    await ready(site, first, 1)
    const [old = ''] = first.running('web')
    const [run] = first.state.runs.of('web')
    first.kill()
    for (const { descriptor } of first.state.sockets.held.values()) fs.closeSync(descriptor)
    process.kill(-(run?.recorder?.pid ?? 0), 'SIGKILL')
    await until(() => !isAlive(thisMachine(), run?.recorder), 'the end of the recorder')
    const second = await site.daemon()
    await ready(site, second, 1)
    expect(second.running('web')).not.toContain(old)
    expect(task(second)?.listen?.[0]?.held).toBe(true)
  })

  test('what failed before a good replacement is over, and the log says which runs may end', async () => {
    const listen = `listen: ${await freePort()}`
    const site = newSite(yaml(listen))
    say(site, true)
    const daemon = await site.daemon()
    await ready(site, daemon, 1)
    const [old = ''] = daemon.running('web')
    await daemon.edit(yaml(listen, 'exit 4'))
    await until(() => task(daemon)?.counts?.failures === 1, 'a failed replacement')
    site.clock.advance(2_000)
    await until(() => task(daemon)?.counts?.failures === 2, 'a second failed replacement')
    expect(task(daemon)?.replacing?.failures).toBe(2)

    say(site, false)
    await daemon.edit(yaml(`${listen}, nice: 1`))
    await daemon.begun('web')
    const given = daemon.running('web').find((run) => run !== old)
    await daemon.edit(yaml(`${listen}, nice: 2`))
    say(site, true)
    await until(() => {
      site.clock.advance(25)
      return !daemon.running('web').includes(old) && readyCount(daemon) === 1
    }, 'the good replacement')
    expect(task(daemon)).toMatchObject({ replacing: null, counts: { failures: 0 } })
    const ends = daemon.lines.filter((line) => 'ended' in line.facts)
    expect(ends.map(({ words, facts }) => [words, facts])).toEqual([
      ['web: 1 new run given up before it was ready', { task: 'web', ended: [given] }],
      ['web: 1 old run may end', { task: 'web', ended: [old] }],
    ])
  })

  test('a stop that leaves its runs leaves their sockets, and the next daemon takes them up', async () => {
    const folder = fs.mkdtempSync('/tmp/torch-listen-')
    const file = path.join(folder, 'a.sock')
    try {
      const site = newSite(yaml(`listen: "unix:${file}"`))
      say(site, true)
      const first = await site.daemon()
      await ready(site, first, 1)
      await first.stop(0, true)
      await first.ended
      const identity = fs.statSync(file).ino
      for (const { descriptor } of first.state.sockets.held.values()) fs.closeSync(descriptor)
      const second = await site.daemon()
      expect(second.state.sockets.held.size).toBe(1)
      expect(fs.statSync(file).ino).toBe(identity)
      await second.stop(0)
      await until(() => {
        site.clock.advance(20)
        return !fs.existsSync(file)
      }, 'the end of the socket')
    } finally {
      fs.rmSync(folder, { recursive: true, force: true })
    }
  })
})

function failing(error: Error): Host['sockets'] {
  const fail = (): never => {
    throw error
  }
  return { ...realSockets, open: fail, takeFrom: fail }
}
