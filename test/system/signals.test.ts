import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, isAlive, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  ask,
  catches,
  logged,
  logOf,
  parseLog,
  readIfThere,
  renameOver,
  startDaemon,
  maxTestMs,
} from '../support/daemon.ts'

vi.setConfig({ testTimeout: maxTestMs })
afterAll(closeSites)

/** See signal(7). Node itself catches TERM, but not USR2. */
const usr2 = 12
const floodSignals = 100
/** The flood lasts for real time: a burst would be over before the daemon sees the first signal. */
const floodMs = 1_000

/** With this many tasks, a load takes a good part of a second. */
const manyTasks = 2_000

function manyText(...more: string[]): string {
  const lines = Array.from(
    { length: manyTasks },
    (_, index) => `  yearly-${index}: { schedule: "0 0 1 1 *", command: ls }`,
  )
  return `tasks:\n${[...lines, ...more].join('\n')}\n`
}

async function flood(pid: number, halfWay: () => void = () => {}): Promise<void> {
  for (let sent = 0; sent < floodSignals; sent++) {
    if (sent === floodSignals / 2) halfWay()
    process.kill(pid, 'SIGUSR2')
    await pause(floodMs / floodSignals)
  }
}

/**
 * Waits until the daemon that `torch start` is starting handles signals, and gives its pid. The lock
 * comes after all handlers; the one for USR2 is there even before the program is loaded.
 */
function startingDaemon(site: Site, starter: number): Promise<number> {
  const children = () => readIfThere(`/proc/${starter}/task/${starter}/children`).trim().split(' ')
  return until(
    () =>
      fs.existsSync(path.join(site.home, 'torch.lock')) &&
      children()
        .map(Number)
        .find((pid) => pid > 0 && catches(pid, usr2)),
    'a daemon that takes signals',
  )
}

describe.concurrent('100 USR2 signals in one second', () => {
  test('a daemon that gets 100 USR2 signals while it starts becomes ready, then reloads', async () => {
    const site = newSite(manyText())
    const { child, stdout } = site.spawn(['start', '--foreground'])
    const pid = child.pid ?? 0
    await until(() => catches(pid, usr2), 'the handlers')
    expect(fs.existsSync(path.join(site.home, 'torch.pid'))).toBe(false)

    await flood(pid)
    const isLoad = ({ event }: { event: string }) => event === 'load'
    await until(() => parseLog(stdout()).some(isLoad), 'a reload', 90_000)
    const events = parseLog(stdout()).map(({ event }) => event)
    expect(events.indexOf('ready')).toBeGreaterThanOrEqual(0)
    expect(events.indexOf('load')).toBeGreaterThan(events.indexOf('ready'))
    expect((await ask(site, 'status', {})).daemon).toMatchObject({ pid, state: 'running' })
  })

  test('a daemon that gets 100 USR2 signals while it reloads loads the last change, and reloads at most once for each signal', async () => {
    const site = newSite(manyText())
    const pid = await startDaemon(site)
    await flood(pid, () => renameOver(site, manyText('  new: { schedule: "@daily", command: ls }')))
    const { cause } = await logged(site, 'the new task', ({ added }) => added?.[0] === 'new')
    expect(cause).toBe('signal')
    // When this request is answered, the reloads of all earlier signals are done.
    expect(await ask(site, 'reload', {})).toMatchObject({
      verdict: 'unchanged',
      tasks: manyTasks + 1,
    })
    const loads = logOf(site).filter((line) => line.cause === 'signal')
    expect(loads.length).toBeLessThanOrEqual(floodSignals)
    expect(logOf(site).filter(({ event }) => event === 'refuse')).toEqual([])
    expect(isAlive(pid)).toBe(true)
  })
})

test('HUP and USR2 do not end torch start --foreground while it is loaded, and it handles them later', async () => {
  const site = newSite('tasks: { a: { schedule: "@daily", command: ls } }\n')
  const { child, stdout } = site.spawn(['start', '--foreground'])
  const pid = child.pid ?? 0
  await until(() => catches(pid, usr2), 'the first handler')
  process.kill(pid, 'SIGHUP')
  process.kill(pid, 'SIGUSR2')
  await until(() => stdout().includes('"event":"reopen"'), 'the log to be reopened')
  await until(() => stdout().includes('"cause":"signal"'), 'the reload')
  expect(isAlive(pid)).toBe(true)
})

describe.concurrent('a signal that ends the daemon while it starts', () => {
  test('torch start says that the daemon was stopped by TERM, and leaves nothing behind', async () => {
    const site = newSite(manyText())
    const { child, ended } = site.spawn(['start'])
    const pid = await startingDaemon(site, child.pid ?? 0)
    process.kill(pid, 'SIGTERM')
    expect(await ended).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: 'torch: a stop was requested while the daemon was starting\n',
    })
    await until(() => !isAlive(pid), 'its end')
    expect(fs.existsSync(path.join(site.home, 'torch.pid'))).toBe(false)
    expect(fs.existsSync(path.join(site.home, 'torch.sock'))).toBe(false)
    expect(await startDaemon(site)).toBe(site.pid())
  })

  test('torch start does not wait for a daemon that was ended by KILL', async () => {
    const site = newSite(manyText())
    const { child, ended } = site.spawn(['start'])
    process.kill(await startingDaemon(site, child.pid ?? 0), 'SIGKILL')
    expect(await ended).toMatchObject({
      status: 1,
      stderr: `torch: the daemon ended before it was ready
hint: see the end of ${site.home}/daemon.log
`,
    })
  })
})

test.concurrent(
  'after USR2 with a changed file, the old run ends undisturbed and the next slot uses the new command',
  async () => {
    const text = (command: string) =>
      `tasks:\n  job: { schedule: "* * * * * *", command: ${JSON.stringify(command)} }\n`
    // The old run continues until the file `go` is there.
    const site = newSite('')
    const go = path.join(site.folder, 'go')
    site.write(
      'tasks.yaml',
      text(`echo old; until [ -e ${go} ]; do sleep 0.1; done; echo still old; exit 4`),
    )
    const pid = await startDaemon(site)
    const first = await logged(site, 'the first run', ({ event }) => event === 'start')

    renameOver(site, text('echo new'))
    process.kill(pid, 'SIGUSR2')
    await logged(site, 'the reload', ({ cause }) => cause === 'signal')
    fs.writeFileSync(go, '')
    await logged(
      site,
      'a run of the new command',
      (line) => line.event === 'end' && line.run !== first.run,
    )

    const lines = logOf(site)
    const runs = lines.filter(({ event }) => event === 'start').map(({ run }) => run ?? '')
    const outputOf = (run = '') => readIfThere(path.join(site.home, 'runs/job', run, 'output'))
    // Output is collected: it may come a moment after the end.
    await until(() => outputOf(runs[0]) === 'old\nstill old\n', 'the output of the old run')
    await until(() => outputOf(runs[1]) === 'new\n', 'the output of the new run')
    const ends = lines.filter(({ event }) => event === 'end')
    expect(ends.map(({ run, outcome }) => [run, outcome]).slice(0, 2)).toEqual([
      [runs[0], 'failed'],
      [runs[1], 'ok'],
    ])
    // The old run was still going when the new file was loaded.
    const loadedAt = lines.findIndex(({ event }) => event === 'load')
    expect(lines.findIndex(({ run, event }) => run === runs[0] && event === 'end')).toBeGreaterThan(
      loadedAt,
    )
  },
)

test.concurrent(
  'after HUP and after torch reopen the daemon writes a log under the old name',
  async () => {
    const site = newSite('tasks: {}\n')
    const pid = await startDaemon(site)
    const [log, old] = [path.join(site.home, 'daemon.log'), path.join(site.home, 'daemon.log.1')]
    fs.renameSync(log, old)
    const before = fs.readFileSync(old, 'utf8')
    process.kill(pid, 'SIGHUP')
    await logged(site, 'a new log', ({ event }) => event === 'reopen')
    fs.renameSync(log, `${log}.2`)
    expect(await site.torch('reopen')).toMatchObject({ status: 0, stdout: `reopened ${log}\n` })
    expect(fs.existsSync(log)).toBe(true)
    await site.torch('stop')
    expect(await site.torch('reopen')).toMatchObject({ status: 0, stderr: '' })
    expect(logOf(site).map(({ event }) => event)).toEqual(['reopen', 'stop', 'stopped'])
    expect(fs.readFileSync(old, 'utf8')).toBe(before)
  },
)

test.concurrent(
  'after USR1 the daemon writes its state into the log and opens no debugger',
  async () => {
    const site = newSite(
      'tasks:\n  keep: { type: daemon, command: [sleep, "60"], env: { A: hush } }\n',
    )
    const pid = await startDaemon(site)
    process.kill(pid, 'SIGUSR1')
    const line = await logged(site, 'a dump', ({ event }) => event === 'dump')
    expect(line).toMatchObject({ phase: 'running', here: ['keep'], runs: [{ task: 'keep' }] })
    expect(readIfThere(path.join(site.home, 'daemon.log'))).not.toMatch(/hush|[Dd]ebugger/)
    expect(inetSockets(pid)).toEqual([])
  },
)

/** The network sockets of a process: see proc_net(5). */
function inetSockets(pid: number): string[] {
  const links = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`))
  const inodes = links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
  const tables = ['tcp', 'tcp6'].flatMap((name) =>
    readIfThere(`/proc/${pid}/net/${name}`).split('\n').slice(1),
  )
  return tables.filter((row) => inodes.includes(row.trim().split(/\s+/)[9] ?? ''))
}

function linkOf(file: string): string {
  try {
    return fs.readlinkSync(file)
  } catch {
    return ''
  }
}
