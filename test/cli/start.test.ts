import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { StatusReport } from '../../src/control/protocol.ts'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, isAlive, newSite, type Site, until } from '../support/torch.ts'

afterAll(closeSites)
// All beside each other, each on its own site: they wait for the processor, too.
vi.setConfig({ testTimeout: 60_000 })

const tasks = `
timezone: UTC
tasks:
  yearly: { schedule: "0 0 1 1 *", command: "true" }
  keep: { type: daemon, command: [sleep, "600"] }
  away: { schedule: "@daily", command: "true", hosts: [192.0.2.99] }
`

function logOf(site: Site): string {
  return fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')
}

describe.concurrent('torch start', () => {
  test('comes back when the daemon is ready, and says what runs here', async () => {
    const site = newSite(tasks)
    const { status, stdout, stderr } = await site.torch('start')
    const pid = site.pid() ?? 0
    expect(isAlive(pid)).toBe(true)
    expect([status, stderr]).toEqual([0, ''])
    const year = new Date().getUTCFullYear() + 1
    expect(stdout.split('\n').map((line) => line.replace(/\(in .*\)/, '(in ...)'))).toEqual([
      `torch runs, pid ${pid}: 2 of 3 tasks of ${site.tasks}`,
      `next      ${year}-01-01T00:00:00+00:00  yearly (in ...)`,
      'always    keep',
      'not here  away',
      'look      torch status    torch logs yearly -f',
      'stop      torch stop',
      '',
    ])
    expect(fs.statSync(site.home).mode & 0o777).toBe(0o700)
    expect(fs.statSync(path.join(site.home, 'torch.sock')).mode & 0o777).toBe(0o600)
  })

  test('a second start says which pid runs', async () => {
    const site = newSite(tasks)
    const home = path.join(site.folder, 'elsewhere')
    const first = await site.torch('start', '--home', home, '--json')
    const pid = Number(fs.readFileSync(path.join(home, 'torch.pid'), 'utf8'))
    expect(JSON.parse(first.stdout)).toEqual({ pid, home, tasks: site.tasks })
    expect(await site.torch('start', '--home', home)).toEqual({
      status: 1,
      signal: null,
      stdout: '',
      stderr: `torch: a torch daemon (pid ${pid}) already runs on ${home}
hint: torch status shows what it does; torch reload makes it read its file again
`,
    })
    expect(isAlive(pid)).toBe(true)
    // The log is that of the first.
    const log = fs.readFileSync(path.join(home, 'daemon.log'), 'utf8').trim().split('\n')
    expect(() => log.map((line) => JSON.parse(line) as unknown)).not.toThrow()
  })

  test.each([
    ['of a process that is gone', () => '999999'],
    ['of another, which is left alone', () => String(process.pid)],
    ['with junk in it', () => 'not a pid'],
  ])('a pidfile %s is no obstacle', async (_what, content) => {
    const site = newSite(tasks)
    site.write('home/torch.pid', `${content()}\n`)
    fs.chmodSync(site.home, 0o700)
    expect(await site.torch('start')).toMatchObject({ status: 0, stderr: '' })
    expect(site.pid()).not.toBe(process.pid)
    expect((await site.torch('stop', '--grace', '0s')).status).toBe(0)
    expect(site.pid()).toBeUndefined()
  })

  test('without a daemon nobody is signalled, whatever the pidfile says', async () => {
    const site = newSite(tasks)
    site.write('home/torch.pid', `${process.pid}\n`)
    for (const command of ['stop', 'reload'])
      expect(await site.torch(command)).toMatchObject({
        status: 3,
        stdout: '',
        stderr: `torch: no torch daemon is running for ${site.home}
hint: start one: torch start --home ${site.home}
`,
      })
  })

  test('shows all problems of a bad file, with their places, and exits 1', async () => {
    const site = newSite('tasks:\n  a:\n    schedule: "61 * * * *"\n    comand: x\n')
    expect(await site.torch('start')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `${site.tasks}:3:5: tasks.a.schedule: minute: 61 is out of range; minutes are 0-59
    schedule: "61 * * * *"
    ^
${site.tasks}:4:5: tasks.a.comand: unknown key "comand"
    comand: x
    ^
hint: did you mean "command"?
torch: the tasks file ${site.tasks} is not valid (2 problems)
hint: fix the file, then check it with: torch validate ${site.tasks}
`,
    })
    await until(() => site.living().length === 0, 'the end of the daemon')
    expect(site.pid()).toBeUndefined()
  })

  test('says that there is no tasks file', async () => {
    const site = newSite()
    expect(await site.torch('start')).toMatchObject({
      status: 1,
      stderr: `torch: ${site.tasks}: is not there\nhint: create it, or name another file with --tasks\n`,
    })
  })

  test('shows warnings', async () => {
    const site = newSite('tasks: {a: {schedule: "0 0 30 2 *", command: "true"}}')
    const { status, stderr } = await site.torch('start')
    expect(status).toBe(0)
    expect(stderr).toContain(
      `${site.tasks}:1:13: warning: tasks.a.schedule: "0 0 30 2 *" never fires`,
    )
  })

  test('says why a home cannot be used', async () => {
    // Nobody may make a directory there, not even root.
    const { status, stderr } = await newSite(tasks).torch('start', '--home', '/proc/torch-home')
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^torch: the home \/proc\/torch-home cannot be used: .*\nhint: choose another with --home or TORCH_HOME\n$/,
    )
  })

  test.skipIf(process.getuid?.() === 0)('says that a home is read-only', async () => {
    const site = newSite(tasks)
    fs.mkdirSync(site.home, { mode: 0o500 })
    const { status, stderr } = await site.torch('start')
    expect(status).toBe(1)
    expect(stderr).toContain(`torch: the home ${site.home} cannot be used: EACCES`)
  })

  test('a home with a path that no socket may have is no obstacle', async () => {
    const site = newSite(tasks)
    const home = path.join(site.folder, 'long'.repeat(30), 'home')
    expect(await site.torch('start', '--home', home)).toMatchObject({ status: 0, stderr: '' })
    expect(await site.torch('reload', '--home', home)).toMatchObject({ status: 0, stderr: '' })
    expect(await site.torch('stop', '--home', home)).toMatchObject({ status: 0 })
    expect(fs.readdirSync(home)).not.toContain('torch.sock')
  })

  test('as another host, and with a log that says less', async () => {
    const site = newSite(tasks)
    const words = ['start', '--address', '192.0.2.99', '--log-level', 'warn']
    expect((await site.torch(...words)).stdout).toContain('3 of 3 tasks')
    expect(logOf(site)).toBe('')
  })

  test.each([
    [['--address', '10.0.0.0/8'], '--address: expected an IPv4 or IPv6 address; got "10.0.0.0/8"'],
    [
      ['--log-level', 'loud'],
      '--log-level: expected one of trace, debug, info, warn, error, fatal, silent; got "loud"',
    ],
  ])('%j is wrong usage', async (words, message) => {
    const { status, stderr } = await newSite(tasks).torch('start', ...words)
    expect([status, stderr.split('\n')[0]]).toEqual([2, `torch: ${message}`])
  })
})

describe.concurrent('torch start --foreground', () => {
  test('logs to standard output, until it is told to stop', async () => {
    const site = newSite('tasks: {tick: {schedule: "* * * * * *", command: "true"}}')
    const daemon = site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    expect(site.pid()).toBe(daemon.child.pid)
    await until(() => daemon.stdout().includes('"event":"end"'), 'the first run')
    daemon.child.kill('SIGINT')
    const { status, stdout, stderr } = await daemon.ended
    expect([status, stderr]).toEqual([0, ''])
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events).toContain('ready')
    expect(events.at(-1)).toBe('stopped')
    expect(site.living()).toEqual([])
  })

  test('exits 1 where it cannot become ready', async () => {
    const { status, stdout, stderr } = await newSite('tasks: 5').torch('start', '--foreground')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('is not valid (1 problem)')
  })

  test('goes on when nobody reads its log any more', async () => {
    const site = newSite(tasks)
    const daemon = site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    daemon.child.stdout?.destroy()
    for (let round = 0; round < 3; round++) expect((await site.torch('reload')).status).toBe(0)
    expect((await site.torch('stop')).status).toBe(0)
    expect((await daemon.ended).status).toBe(0)
  })
})

describe.concurrent('torch restart', () => {
  test('puts a new daemon in the place of the old one, which keeps file and addresses', async () => {
    const site = newSite(tasks)
    const file = site.write('other/file.yaml', tasks)
    await site.torch('start', '--tasks', file, '--address', '192.0.2.99')
    const before = site.pid()
    const { status, stdout } = await site.torch('restart')
    const after = site.pid()
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `torch restarted: pid ${after} in the place of ${before}\n`,
    })
    await until(() => !isAlive(before ?? 0), 'the old one to be gone')
    const report = JSON.parse((await site.torch('status', '--json')).stdout) as StatusReport
    expect(report).toMatchObject({
      daemon: { pid: after },
      host: { addresses: ['192.0.2.99'] },
      file: { path: file },
    })
  })

  test('with a bad file leaves the old one as it is, and says why', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const pid = site.pid()
    site.write('tasks.yaml', 'tasks: 5')
    const { status, stderr } = await site.torch('restart')
    expect(status).toBe(1)
    expect(stderr).toContain('tasks.yaml:1:1: tasks: expected')
    expect(stderr).toContain(
      '\ntorch: the new daemon failed, the old one continues: the tasks file ',
    )
    expect([site.pid(), isAlive(pid ?? 0)]).toEqual([pid, true])
    expect((await site.torch('status')).status).toBe(0)
  })

  test('needs a daemon, its own tasks file, and one in the background', async () => {
    const site = newSite(tasks)
    expect((await site.torch('restart')).status).toBe(3)
    site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    expect(await site.torch('restart', '--tasks', '/else.yaml')).toMatchObject({
      status: 2,
      stderr: `torch: the daemon of this home runs ${site.tasks}, not /else.yaml
hint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start
`,
    })
    expect(await site.torch('restart')).toMatchObject({
      status: 1,
      stderr: `torch: the daemon runs in the foreground, where no other process can take its place
hint: stop it and start it again where it was started
`,
    })
  })
})

describe.concurrent('torch stop', () => {
  test('shows what it waits for, and comes back when all is gone', async () => {
    const command = "trap '' TERM; until [ -e go ]; do sleep 0.02; done"
    const site = newSite(`tasks: {slow: {schedule: "@yearly", command: "${command}"}}`)
    await site.torch('start')
    const { stdout } = await site.torch('run', 'slow', '--detach', '--json')
    const { run } = JSON.parse(stdout) as { run: string }
    const pid = site.pid()
    const stop = site.spawn(['stop', '--json'])
    await until(() => stop.stderr() === `waiting for slow ${run}\n`, 'what it waits for')
    expect([isAlive(pid ?? 0), stop.stdout()]).toEqual([true, ''])
    site.write('go', '')
    expect(await stop.ended).toMatchObject({ status: 0, stdout: `{\n  "pid": ${pid}\n}\n` })
    expect(site.living()).toEqual([])
    expect(fs.readdirSync(site.home)).not.toContain('torch.pid')
    expect(fs.readdirSync(site.home)).not.toContain('torch.sock')
    expect(fs.readdirSync(path.join(site.home, 'active'))).toEqual([])
  })

  test('a second one ends the grace of the first', async () => {
    const site = newSite('tasks: {slow: {schedule: "@yearly", command: [sleep, "600"]}}')
    await site.torch('start')
    await site.torch('run', 'slow', '--detach')
    const first = site.spawn(['stop', '--grace', '1h'])
    await until(() => first.stderr().startsWith('waiting for slow'), 'what it waits for')
    expect(await site.torch('start')).toMatchObject({
      status: 1,
      stderr: `torch: the torch daemon of ${site.home}, pid ${site.pid()}, is stopping, and waits for 1 run
hint: start again when it is gone; torch stop ends the grace of what runs, and waits for it
`,
    })
    expect((await site.torch('stop', '--grace', '0s')).status).toBe(0)
    expect((await first.ended).status).toBe(0)
    expect(site.living()).toEqual([])
  })

  test('--leave leaves what runs to the next start, which adopts it', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    await until(() => fs.existsSync(path.join(site.home, 'runs/keep')), 'the daemon task')
    const running = async () =>
      (
        JSON.parse((await site.torch('status', 'keep', '--json')).stdout) as {
          tasks: { running: string[] }[]
        }
      ).tasks[0]?.running
    const before = await running()
    expect(before).toHaveLength(1)
    const pid = site.pid()
    expect(await site.torch('stop', '--leave')).toMatchObject({
      status: 0,
      stdout: `torch stopped, pid ${pid}; 1 run goes on, of keep\n`,
      stderr: '',
    })
    expect(await running()).toEqual(before)
    await site.torch('start')
    expect(await running()).toEqual(before)
  })
})

test.concurrent(
  'a socket of another program that does not answer is no daemon that runs',
  async () => {
    const site = newSite(tasks)
    fs.mkdirSync(site.home)
    const server = net.createServer((socket) => socket.end('gibberish\n'))
    await new Promise<void>((resolve) => server.listen(path.join(site.home, 'torch.sock'), resolve))
    const { status, stderr } = await site.torch('reload')
    server.close()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^torch: the torch daemon of .* did not reply: .*\nhint: it may have just ended: read .*daemon.log\n$/,
    )
  },
)

test('a bad file of a daemon in the foreground is told without its lines: they go into a journal', async () => {
  const site = newSite('tasks:\n  job:\n    env: "TOKEN=s3cret"\n    comand: x\n')
  const { status, stderr } = await site.torch('start', '--foreground')
  expect(status).toBe(1)
  expect(stderr).toContain(`${site.tasks}:3:5: tasks.job.env: expected a map; got text\n`)
  expect(stderr).not.toContain('s3cret')
})
