import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, test } from 'vitest'
import { requestText } from '../support/control.ts'
import { faultsOf } from '../support/daemon.ts'
import { closeSites, isAlive, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  activeOf,
  ask,
  daemonOf,
  endsOf,
  gone,
  historyOf,
  killed,
  linesOf,
  type Plan,
  readIfThere,
  restart,
  setPlan,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

const secondly = `
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second" }
  steady: { type: daemon, command: "echo $$ >>FOLDER/steady; exec sleep 600" }
`

// A next daemon that hangs is given up after 10 s or a minute; `npm run campaign -- hang` waits for that.

/** The task must have started in each second, once. */
function expectEachSecondOnce(site: Site): void {
  const seconds = linesOf(site, 'second').map((slot) => Date.parse(slot) / 1000)
  const first = seconds[0] ?? 0
  expect(seconds).toEqual(seconds.map((_, index) => first + index))
}

/** Waits until the task has started once more. */
async function nextStart(site: Site): Promise<void> {
  const before = linesOf(site, 'second').length
  await until(() => linesOf(site, 'second').length > before, 'the next second')
}

/** The next daemon, which a daemon has started for a restart. */
function nextOf(pid: number): Promise<number> {
  return until(() => {
    const children = readIfThere(`/proc/${pid}/task/${pid}/children`).trim().split(' ').map(Number)
    return children.find((child) => readIfThere(`/proc/${child}/cmdline`).includes('\0next-daemon'))
  }, 'the next daemon')
}

const restarts = 4
const hasCurl = spawnSync('curl', ['--version']).error === undefined

describe.concurrent('torch restart', { timeout: 120_000 }, () => {
  test('restarts under load refuse, reset or lose no request, and each second starts once', async () => {
    const site = siteOf(secondly)
    let { pid } = await up(site)
    await nextStart(site)
    let isOver = false
    let answered = 0
    const faults: string[] = []
    const client = async (): Promise<void> => {
      while (!isOver) {
        await ask(site, 'status', {}).then(
          () => (answered += 1),
          (error: Error) => faults.push(error.message),
        )
      }
    }
    const socket = path.join(site.home, 'torch.sock')
    const curl = async (): Promise<void> => {
      while (!isOver && hasCurl) {
        const words = ['-sS', '--unix-socket', socket, '-d', '{}', 'http://torch/flush']
        const child = spawn('curl', words, { stdio: ['ignore', 'pipe', 'pipe'] })
        const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
        if (out !== '{}') faults.push(`curl: ${out}${err}`)
      }
    }
    const clients = [client(), client(), client(), client(), curl()]
    try {
      for (let count = 0; count < restarts; count++) {
        // It asks when the next daemon has taken over already.
        const quiet = net.connect(socket)
        const got = text(quiet)
        await once(quiet, 'connect')
        const next = (await restart(site)).pid
        quiet.write(requestText('POST', '/flush', '{}'))
        // On a busy machine the restart takes longer than a client has time to ask.
        expect(await got).toMatch(/^HTTP\/1.1 (200 OK|408 Request Timeout)\r\n/)
        await gone(pid)
        expect(next).not.toBe(pid)
        pid = next
      }
      await nextStart(site)
    } finally {
      // Otherwise the clients would ask, and collect faults, until the process has no memory.
      isOver = true
      await Promise.all(clients)
    }
    expect(faults).toEqual([])
    expect(answered).toBeGreaterThan(restarts * 10)
    expect(site.pid()).toBe(pid)
    await stopped(site)
    expectEachSecondOnce(site)
    expect(linesOf(site, 'steady')).toHaveLength(1)
    const rows = await historyOf(site)
    // On a busy machine the stop may end the last run, even before it has written its line.
    const ends = endsOf(rows, 'second')
    const endedByStop = ends.filter((end) => end !== 'ok 0')
    expect([[], ['killed SIGTERM']]).toContainEqual(endedByStop)
    const written = linesOf(site, 'second').length
    expect([ends.length, ends.length - endedByStop.length]).toContain(written)
    expect(site.living()).toEqual([])
  })

  const failures: [Plan, RegExp][] = [
    [{ after: 'start', at: 3, do: 'throw' }, /made to fail/],
    [{ after: 'start', at: 3, do: 'kill' }, /ended before it was ready/],
    [{ after: 'said', at: 1, do: 'kill' }, /the old one continues: it ended too early/],
    [{ after: 'go', at: 1, do: 'kill' }, /the old one continues: it ended too early/],
    [{ after: 'go', at: 2, do: 'kill' }, /the old one continues: it ended too early/],
  ]
  test('if the next daemon fails at any step, the old one continues and says why', async () => {
    const site = siteOf(secondly)
    const { pid } = await up(site)
    await nextStart(site)
    for (const [plan, words] of failures) {
      setPlan(site, { ...plan, role: 'next-daemon' })
      const why = await restart(site).then(
        () => 'it did not fail',
        (error: Error) => error.message,
      )
      expect(why, JSON.stringify(plan)).toMatch(words)
      expect(await daemonOf(site)).toBe(pid)
      expect(site.pid()).toBe(pid)
      await nextStart(site)
    }
    // Without a fault the restart succeeds.
    setPlan(site, undefined)
    expect((await restart(site)).pid).not.toBe(pid)
    await gone(pid)
    await nextStart(site)
    await expectWhole(site)
  })

  test('a restart with a bad tasks file reports its problems, and a second restart at the same time is refused', async () => {
    const site = siteOf(secondly)
    const { pid } = await up(site)
    const good = readIfThere(site.tasks)
    site.write('tasks.yaml', 'tasks: { a: { schedule: "61 * * * * *", command: ls } }\n')
    const bad = await site.torch('restart')
    expect(bad.status).not.toBe(0)
    expect(bad.stderr).toContain('tasks.yaml:1:')

    site.write('tasks.yaml', good)
    setPlan(site, { role: 'next-daemon', after: 'start', at: 2, do: 'hang' })
    const first = restart(site).catch((error: Error) => error.message)
    const next = await nextOf(pid)
    const second = await site.torch('restart')
    expect(second.stderr).toContain('a restart is already in progress')
    expect(second.status).toBe(1)
    await nextStart(site)
    expect(await daemonOf(site)).toBe(pid)
    // Otherwise it is given up after a minute.
    await killed(next)
    expect(await first).toContain('ended before it was ready')
    await nextStart(site)
    await expectWhole(site)
  })

  test('the next daemon takes over if the old one is killed while the next one waits', async () => {
    const site = siteOf(secondly)
    const { pid } = await up(site)
    await nextStart(site)
    const asked = restart(site).catch((error: Error) => error.message)
    const next = await nextOf(pid)
    await until(() => hasRead(next, site), 'the next daemon to read the file')
    await killed(pid)
    expect(await asked).toContain('did not reply')
    await until(
      async () => (await daemonOf(site).catch(() => undefined)) === next,
      'the next daemon',
    )
    await nextStart(site)
    await until(() => site.pid() === next, 'its pidfile')
    await expectWhole(site)
  })

  test.each([
    ['before the handover', 'prepared'],
    ['during the handover', 'held'],
  ])('a TERM %s ends both daemons and every run', async (_, moment) => {
    const site = siteOf(secondly)
    const { pid } = await up(site)
    await nextStart(site)
    setPlan(site, { role: 'next-daemon', after: 'go', at: 1, do: 'stall' })
    const asked = restart(site).catch(() => {})
    await nextOf(pid)
    if (moment === 'held') await until(() => linesOf(site, 'trace').length > 0, 'the handover')
    process.kill(pid, 'SIGTERM')
    await asked
    await gone(pid)
    await until(() => site.living().length === 0, 'the end of every process')
    expect(site.pid()).toBeUndefined()
    expect(fs.existsSync(path.join(site.home, 'torch.sock'))).toBe(false)
    expect(endsOf(await historyOf(site), 'steady')).toEqual(['killed SIGTERM'])
    expect(activeOf(site)).toEqual([])
  })

  test('a restart under systemd reports the pid of the next daemon', async () => {
    const site = siteOf(secondly)
    const socket = path.join(site.folder, 'notify')
    const listener = spawn('perl', ['-e', listen, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
    let heard = ''
    listener.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    try {
      await until(() => heard.includes('bound'), 'the socket')
      const { pid } = await up(site, { NOTIFY_SOCKET: socket })
      await until(() => heard.includes(`READY=1|MAINPID=${pid}|`), 'the first')
      const next = (await restart(site)).pid
      await until(() => heard.includes(`READY=1|MAINPID=${next}|`), 'the second')
      await gone(pid)
      expect(heard).not.toContain('STOPPING=1')
      await stopped(site)
      await until(() => heard.includes('STOPPING=1'), 'the stop')
      expect(isAlive(next)).toBe(false)
    } finally {
      listener.kill('SIGKILL')
    }
  })
})

/** The end of the socket that systemd has. Node has no datagrams on Unix sockets. */
const listen = `
  use Socket; $| = 1;
  socket(S, PF_UNIX, SOCK_DGRAM, 0) or die; bind(S, sockaddr_un($ARGV[0])) or die; print "bound\\n";
  while (defined(recv(S, my $data, 65536, 0))) { $data =~ s/\\n*$//; $data =~ s/\\n/|/g; print "$data\\n" }
`

/** Stops the daemon and checks that each second is accounted for and nothing is left. */
async function expectWhole(site: Site): Promise<void> {
  await stopped(site)
  expect(faultsOf(site, ['second'], await historyOf(site))).toEqual([])
  expect(linesOf(site, 'steady')).toHaveLength(1)
  expect(activeOf(site)).toEqual([])
  expect(site.living()).toEqual([])
}

/** Whether the next daemon has opened the log and inherited the lock. */
function hasRead(pid: number, site: Site): boolean {
  return hasOpen(pid, path.basename(site.home) + '/daemon.log') && hasOpen(pid, 'torch.lock')
}

function hasOpen(pid: number, name: string): boolean {
  const folder = `/proc/${pid}/fd`
  const files = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  return files.some((each) => {
    try {
      return fs.readlinkSync(path.join(folder, each)).endsWith(name)
    } catch {
      return false
    }
  })
}
