import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { StatusReport } from '../../../src/control/status-report.ts'
import { ask } from '../../support/daemon.ts'
import { closeSites, isAlive, newSite, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterAll(closeSites)
// Tests run concurrently, each on its own site, and wait for the processor.
vi.setConfig({ testTimeout: 120_000 })

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
  test('torch start returns when the daemon is ready and shows what runs here', async () => {
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

  test('the commands that it shows name the config file that has its home', async () => {
    const site = newSite(tasks)
    const config = site.write('torch.yaml', `home: ${site.home}\n`)
    const env = { TORCH_HOME: '' }
    const { stdout } = await site.torchWith({ env }, 'start', '--config', config)
    expect(stdout).toContain(`stop      torch --config ${config} stop`)
  })

  test('a second torch start says which pid is running', async () => {
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
    // The log still belongs to the first daemon.
    const log = fs.readFileSync(path.join(home, 'daemon.log'), 'utf8').trim().split('\n')
    expect(() => log.map((line) => JSON.parse(line) as unknown)).not.toThrow()
  })

  test('torch start in another folder does not end what another file runs, after a crash', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const [keep = 0] = site.living().filter((pid) => pid !== site.pid())
    process.kill(site.pid() ?? 0, 'SIGKILL')
    const other = path.join(site.folder, 'other')
    fs.mkdirSync(other)
    const named = `torch start --tasks ${site.tasks}`
    expect(await site.torchWith({ cwd: other }, 'start')).toMatchObject({
      status: 2,
      stderr: `torch: no tasks file is named, and ${other}/tasks.yaml does not exist
hint: the last daemon of this home ran ${site.tasks}; start it again with: ${named}
`,
    })
    fs.writeFileSync(path.join(other, 'tasks.yaml'), 'tasks: {}')
    expect(await site.torchWith({ cwd: other }, 'start')).toMatchObject({
      status: 2,
      stderr: `torch: keep of ${site.tasks} is still running, and this folder has another tasks file
hint: continue with: ${named}; for the other file, add --tasks tasks.yaml
`,
    })
    expect((await site.torchWith({ cwd: other }, 'status')).stderr).toContain(`${named} starts it`)
    expect(await site.torchWith({ cwd: other }, 'start', '--tasks', site.tasks)).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect(isAlive(keep)).toBe(true)
  })

  test.each([
    ['of a dead process', () => '999999'],
    ['of another process', () => String(process.pid)],
    ['with junk in it', () => 'not a pid'],
  ])('torch start ignores a pidfile %s', async (_what, content) => {
    const site = newSite(tasks)
    site.write('home/torch.pid', `${content()}\n`)
    fs.chmodSync(site.home, 0o700)
    expect(await site.torch('start')).toMatchObject({ status: 0, stderr: '' })
    expect(site.pid()).not.toBe(process.pid)
    expect((await site.torch('stop', '--grace', '0s')).status).toBe(0)
    expect(site.pid()).toBeUndefined()
  })

  test('torch stop and torch reload without a daemon signal nobody, whatever the pidfile says', async () => {
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

  test('torch start shows all problems of a bad file with their places and exits with 2', async () => {
    const site = newSite('tasks:\n  a:\n    schedule: "61 * * * *"\n    comand: x\n')
    expect(await site.torch('start')).toMatchObject({
      status: 2,
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

  test('torch start says that the tasks file does not exist', async () => {
    const site = newSite()
    expect(await site.torch('start')).toMatchObject({
      status: 2,
      stderr: `torch: ${site.tasks}: is not there\nhint: create it, or name another file with --tasks\n`,
    })
  })

  test('torch start --last-good starts on the last good file, and takes the new one once it is good', async () => {
    const site = newSite(tasks)
    const hint = 'torch start --last-good starts on the last good one'
    const refused = await site.torch('start', '--last-good', '--tasks', site.write('b.yaml', 'x'))
    expect(refused.status).toBe(2)
    expect(refused.stderr).not.toContain(hint)
    await site.torch('start')
    await site.torch('stop', '--grace', '0s')
    site.write('tasks.yaml', 'tasks: {a: {comand: x}}')
    const bad = await site.torch('start')
    expect(bad.status).toBe(2)
    expect(bad.stderr).toContain(hint)
    const shown = await site.torch('status')
    expect(shown).toMatchObject({
      status: 3,
      stderr: 'torch is not running: torch start --last-good starts it on the last good file\n',
    })
    expect(shown.stdout).toMatch(/^Shown from the last good file, loaded \d{4}-/m)
    expect(shown.stdout).toMatch(/^keep +daemon/m)
    const { status, stdout, stderr } = await site.torchWith(
      { env: { TORCH_LAST_GOOD: 'true' } },
      'start',
    )
    expect(status).toBe(0)
    expect(stdout).toContain('2 of 3 tasks')
    expect(stderr).toContain('unknown key "comand"')
    expect(stderr).toMatch(
      /warning: the tasks file .* is bad: running the last good one, of \d{4}-/,
    )
    expect(logOf(site)).toContain('running the last good one')
    const report = async () =>
      JSON.parse((await site.torch('status', '--json')).stdout) as StatusReport
    const { file, trouble, tasks: here } = await report()
    expect(file.ok).toBe(false)
    expect(trouble?.[0]?.message).toContain('the tasks file was refused')
    expect(here.map(({ name }) => name)).toEqual(['yearly', 'keep', 'away'])
    site.write('tasks.yaml', 'tasks: {good: {schedule: "@daily", command: "true"}}')
    await until(async () => {
      const now = await ask(site, 'status', {})
      return now.file.ok && now.tasks.length === 1
    }, 'the good file')
    expect((await report()).tasks.map(({ name }) => name)).toEqual(['good'])
  })

  test('torch start shows warnings of the tasks file', async () => {
    const site = newSite('tasks: {a: {schedule: "0 0 30 2 *", command: "true"}}')
    const { status, stderr } = await site.torch('start')
    expect(status).toBe(0)
    expect(stderr).toContain(
      `${site.tasks}:1:13: warning: tasks.a.schedule: "0 0 30 2 *" never fires`,
    )
  })

  test('torch start says why a home cannot be used', async () => {
    // Nobody may make a directory there, not even root.
    const { status, stderr } = await newSite(tasks).torch('start', '--home', '/proc/torch-home')
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^torch: the home \/proc\/torch-home cannot be used: .*\nhint: choose another with --home or TORCH_HOME\n$/,
    )
  })

  test.skipIf(process.getuid?.() === 0)('torch start says that a home is read-only', async () => {
    const site = newSite(tasks)
    fs.mkdirSync(site.home, { mode: 0o500 })
    const { status, stderr } = await site.torch('start')
    expect(status).toBe(1)
    expect(stderr).toContain(`torch: the home ${site.home} cannot be used: EACCES`)
  })

  test('torch start works in a home whose path is too long for a socket', async () => {
    const site = newSite(tasks)
    const home = path.join(site.folder, 'long'.repeat(30), 'home')
    expect(await site.torch('start', '--home', home)).toMatchObject({ status: 0, stderr: '' })
    expect(await site.torch('reload', '--home', home)).toMatchObject({ status: 0, stderr: '' })
    expect(await site.torch('stop', '--home', home)).toMatchObject({ status: 0 })
    expect(fs.readdirSync(home)).not.toContain('torch.sock')
  })

  test('torch start takes the addresses of --address and the level of --log-level', async () => {
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
  ])('torch start %j is refused', async (words, message) => {
    const { status, stderr } = await newSite(tasks).torch('start', ...words)
    expect([status, stderr.split('\n')[0]]).toEqual([2, `torch: ${message}`])
  })
})

describe.concurrent('torch start --foreground', () => {
  test('torch start --foreground logs to standard output until it is stopped', async () => {
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

  test('torch start --foreground exits with 2 if the tasks file is bad', async () => {
    const { status, stdout, stderr } = await newSite('tasks: 5').torch('start', '--foreground')
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toContain('is not valid (1 problem)')
  })

  test('torch start --foreground continues when nobody reads its log any more', async () => {
    const site = newSite(tasks)
    const daemon = site.spawn(['start', '--foreground'])
    await until(() => site.pid(), 'the pidfile')
    daemon.child.stdout?.destroy()
    for (let round = 0; round < 3; round++) expect((await site.torch('reload')).status).toBe(0)
    expect((await site.torch('stop')).status).toBe(0)
    expect((await daemon.ended).status).toBe(0)
  })
})

describe.concurrent('torch start --foreground --output', () => {
  test('lines of runs come on standard output, and the log on standard error', async () => {
    const site = newSite('tasks: {tick: {schedule: "* * * * * *", command: "echo tock"}}')
    const daemon = site.spawn(['start', '--foreground', '--output', 'text'])
    await until(() => daemon.stdout().includes('\n'), 'the first line')
    daemon.child.kill('SIGINT')
    const { status, stdout, stderr } = await daemon.ended
    expect([status, new Set(stdout.trim().split('\n'))]).toEqual([0, new Set(['tick | tock'])])
    expect(stderr).toContain('"event":"ready"')
    expect(site.living()).toEqual([])
  })

  test('a standard output that nobody reads holds up neither the daemon nor its stop', async () => {
    const site = newSite('tasks: {flood: {type: manual, command: yes torch | head -c 20000000}}')
    const daemon = site.spawn(['start', '--foreground', '--output', 'json'])
    daemon.child.stdout?.pause()
    await until(() => site.pid(), 'the pidfile')
    expect(await site.torch('run', 'flood', '--detach')).toMatchObject({ status: 0, stderr: '' })
    await until(async () => {
      const { stdout } = await site.torch('history', 'flood', '--json')
      return stdout.includes('"ok"')
    }, 'the end of the run')
    expect(await site.torch('stop')).toMatchObject({ status: 0, stderr: '' })
    daemon.child.stdout?.resume()
    expect(await daemon.ended).toMatchObject({ status: 0 })
  })

  test('a standard output that is closed does not end the daemon', async () => {
    const site = newSite('tasks: {tick: {schedule: "* * * * * *", command: "echo tock"}}')
    const daemon = site.spawn(['start', '--foreground', '--output', 'text'])
    daemon.child.stdout?.destroy()
    await until(() => daemon.stderr().includes('is no longer printed'), 'the warning')
    expect((await site.torch('stop')).status).toBe(0)
    expect((await daemon.ended).status).toBe(0)
  })

  test('torch start --output needs --foreground', async () => {
    const { status, stderr } = await newSite(tasks).torch('start', '--output', 'text')
    expect([status, stderr]).toEqual([2, expect.stringContaining('--output needs --foreground')])
  })
})

test.concurrent('a socket of another program does not count as a daemon', async () => {
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
})

test('torch start --foreground shows problems without the lines of the file, which may be secret', async () => {
  const site = newSite('tasks:\n  job:\n    env: "TOKEN=s3cret"\n    comand: x\n')
  const { status, stderr } = await site.torch('start', '--foreground')
  expect(status).toBe(2)
  expect(stderr).toContain(`${site.tasks}:3:5: tasks.job.env: expected a map; got text\n`)
  expect(stderr).not.toContain('s3cret')
})
