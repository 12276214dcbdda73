import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import type { TaskStatus } from '../../src/control/status-report.ts'
import { realSockets } from '../../src/host/listening-sockets.ts'
import { ask, historyOf, logOf, maxTestMs, readIfThere, startDaemon } from '../support/daemon.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'
import { freePort } from '../support/free-port.ts'
import { until } from '../support/until.ts'

/** TORCH_TEST_REPLACEMENTS=20 replaces the server so often, and restarts and kills the daemon 5 times each. */
const replacements = Number(process.env['TORCH_TEST_REPLACEMENTS'] ?? 3)
const ratePerSecond = Number(process.env['TORCH_TEST_RATE'] ?? (replacements >= 20 ? 500 : 150))

const server = path.join(root, 'test/fixtures/listen-server.py')
const client = path.join(root, 'test/fixtures/listen-client.py')
const isRoot = process.getuid?.() === 0
const hasPython = isProgram('python3')
const cannot = realSockets.whyNot() !== undefined || !hasPython

function isProgram(name: string): boolean {
  try {
    execFileSync(name, ['-c', ''], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

afterEach(closeSites)

interface Web {
  readonly listen: string
  readonly answer: string
  readonly how?: string
  readonly more?: readonly string[]
}

function webTask({ listen, answer, how, more = [] }: Web): string {
  const words = ['python3', server, answer, ...(how === undefined ? [] : [how])]
  const lines = [
    'type: daemon',
    `command: ${JSON.stringify(words)}`,
    `listen: ${listen}`,
    'ready: { line: now listening, timeout: 20s }',
    'restart: { delay: 500ms }',
    ...more,
  ]
  return `tasks:\n  web:\n${lines.map((line) => `    ${line}\n`).join('')}`
}

async function statusOf(site: Site): Promise<TaskStatus | undefined> {
  return (await ask(site, 'status', {})).tasks.find(({ name }) => name === 'web')
}

/** Waits until the only runs of the task are ready ones of the file as it is. */
async function settled(site: Site, count = 1): Promise<string[]> {
  return until(async () => {
    const { running = [], ready = {} } = (await statusOf(site)) ?? {}
    return running.length === count && running.every((run) => ready[run] === true) && running
  }, 'ready runs alone')
}

/** Changes the file, and waits until the task has been replaced. */
async function replaceBy(site: Site, web: Web): Promise<void> {
  const before = (await statusOf(site))?.running ?? []
  site.write('tasks.yaml', webTask(web))
  await ask(site, 'reload', {})
  await until(async () => {
    const { running = [], ready = {} } = (await statusOf(site)) ?? {}
    return running.length === 1 && !before.includes(running[0] ?? '') && ready[running[0] ?? '']
  }, `the replacement by ${web.answer}`)
}

/** What one connection gets: the answer, or the code of its error. */
function knock(where: net.NetConnectOpts): Promise<string> {
  return new Promise((resolve) => {
    const connection = net.connect(where, () => connection.write('hello\n'))
    let text = ''
    connection.on('data', (bytes) => (text += bytes.toString()))
    connection.once('end', () => resolve(text))
    connection.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
  })
}

interface Counted {
  readonly counts: Readonly<Record<string, number>>
  readonly slowestMs: number
}

/** Connections at a rate, until its end is asked for. */
function startClient(port: number): { end(): Promise<Counted>; child: ChildProcess } {
  const child = spawn('python3', [client, String(port), String(ratePerSecond)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString()))
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  return {
    child,
    async end() {
      child.stdin?.end()
      await closed
      return JSON.parse(text) as Counted
    },
  }
}

async function killDaemon(site: Site): Promise<void> {
  const pid = site.pid() ?? 0
  process.kill(pid, 'SIGKILL')
  await until(() => !fs.existsSync(`/proc/${pid}/stat`) || isZombie(pid), 'the end of the daemon')
  await startDaemon(site)
}

function isZombie(pid: number): boolean {
  return readIfThere(`/proc/${pid}/stat`).includes(') Z ')
}

describe.skipIf(cannot)('a server whose socket torch holds', () => {
  test(
    `no connection is refused or reset while it is replaced ${replacements} times, torch restarts and is killed`,
    async () => {
      const port = await freePort()
      const listen = `"127.0.0.1:${port}"`
      const site = newSite(webTask({ listen, answer: 'v0' }))
      await startDaemon(site)
      await settled(site)
      const knocking = startClient(port)
      // Before the first replacement and in between.
      const perTrouble = replacements >= 20 ? Math.floor(replacements / 5) : replacements
      for (let n = 1; n <= replacements; n++) {
        if ((n - 1) % perTrouble === 0) {
          await ask(site, 'restart', { command: undefined })
          await killDaemon(site)
        }
        await replaceBy(site, { listen, answer: `v${n}` })
      }
      await settled(site)
      const { counts } = await knocking.end()
      const answers = Object.keys(counts).filter((what) => /^v\d+$/.test(what))
      expect(Object.keys(counts).toSorted()).toEqual(answers.toSorted())
      expect(answers.length).toBe(replacements + 1)
      expect((await statusOf(site))?.listen).toEqual([
        { name: null, address: `127.0.0.1:${port}`, held: true },
      ])
    },
    maxTestMs * 5,
  )

  test(
    'a version that never gets ready ends, the old one continues, and a good one comes in at once',
    async () => {
      const port = await freePort()
      const listen = `{ web: "127.0.0.1:${port}" }`
      const site = newSite(webTask({ listen, answer: 'good' }))
      await startDaemon(site)
      const [old] = await settled(site)
      site.write('tasks.yaml', webTask({ listen, answer: 'bad', how: 'crash' }))
      await ask(site, 'reload', {})
      const failed = await until(async () => {
        const task = await statusOf(site)
        return (task?.replacing?.failures ?? 0) >= 2 && task
      }, 'two failed replacements')
      expect(failed.replacing?.why).toBe('it ended with status 3 before it was ready')
      expect(await knock({ port, host: '127.0.0.1' })).toBe('good')
      expect((await statusOf(site))?.running).toContain(old)
      const shown = await site.torch('status', 'web')
      expect(shown.stdout).toContain('replacing web failed ')
      expect(shown.stdout).toMatch(/listens +127\.0\.0\.1:\d+ \(web\), 1 of \d ready/)
      const rows = (await historyOf(site)).filter(({ outcome }) => outcome === 'failed')
      expect(rows[0]).toMatchObject({ reason: 'not ready', exitCode: 3 })

      // One that lives and says nothing is ended after its timeout.
      const mute = webTask({ listen, answer: 'mute', how: 'mute' })
      site.write('tasks.yaml', mute.replace('timeout: 20s', 'timeout: 300ms'))
      await ask(site, 'reload', {})
      await until(
        async () => (await statusOf(site))?.replacing?.why === 'it was not ready within 300ms',
        'the end of the mute one',
      )
      const killed = await site.torch('kill', 'web')
      expect(killed.stderr).toMatch(
        /^warning: the last \d successors? of web failed: it was not ready within 300ms\nhint: /,
      )
      expect(await knock({ port, host: '127.0.0.1' })).toBe('good')
      await replaceBy(site, { listen, answer: 'better' })
      expect(await knock({ port, host: '127.0.0.1' })).toBe('better')
      expect((await statusOf(site))?.replacing).toBeNull()
      expect((await ask(site, 'status', {})).trouble).toEqual([])
    },
    maxTestMs,
  )

  test(
    'it gets its sockets as 3, 4 and 5 and nothing else, also behind nice, prlimit and setpriv',
    async () => {
      const port = await freePort()
      const folder = fs.mkdtempSync('/tmp/torch-listen-')
      onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
      fs.chmodSync(folder, 0o755)
      const unix = path.join(folder, 'admin.sock')
      const listen = `{ web: "127.0.0.1:${port}", admin: "unix:${unix}" }`
      const more = ['nice: 1', 'limits: { nofile: 2000 }', ...(isRoot ? ['user: nobody'] : [])]
      const site = newSite(webTask({ listen, answer: 'yes', more }))
      await startDaemon(site)
      const [run = ''] = await settled(site)
      const output = readIfThere(path.join(site.home, 'runs/web', run, 'output'))
      expect(output).toContain('open 0 1 2 3 4 names web:admin')
      if (isRoot) expect(output).toContain('uid 65534')
      expect(await knock({ port, host: '127.0.0.1' })).toBe('yes')
      const facts = fs.statSync(unix)
      expect(facts.mode & 0o777).toBe(0o660)
      if (isRoot) expect(facts.uid).toBe(65534)

      // A kill asks for a successor first; a second one would end the run at once.
      const killed = await site.torch('kill', 'web')
      expect(killed.stdout).toBe(`replacing web ${run}\n`)
      expect(killed.stderr).toBe(
        'hint: it ends when its successor is ready; a second torch kill ends it at once\n',
      )
      await until(async () => !(await settled(site)).includes(run), 'the successor')
      expect((await historyOf(site)).find((row) => row.run === run)).toMatchObject({
        outcome: 'killed',
        reason: 'kill',
      })

      // Without the task nobody listens, and the file of the socket is gone.
      site.write('tasks.yaml', 'tasks: {}\n')
      await ask(site, 'reload', {})
      await until(async () => (await statusOf(site)) === undefined, 'the end of the task')
      await until(
        async () => (await knock({ port, host: '127.0.0.1' })) === 'ECONNREFUSED',
        'the end of the socket',
      )
      expect(fs.existsSync(unix)).toBe(false)
    },
    maxTestMs,
  )

  test(
    'an address in use is said by reload and in the history; one that collides with its own is freed first',
    async () => {
      const [port, taken] = [await freePort(), await freePort()]
      const other = net.createServer().listen(taken, '127.0.0.1')
      onTestFinished(() => void other.close())
      const site = newSite(webTask({ listen: `"127.0.0.1:${port}"`, answer: 'first' }))
      await startDaemon(site)
      await settled(site)
      site.write('tasks.yaml', webTask({ listen: `"127.0.0.1:${taken}"`, answer: 'taken' }))
      const report = await ask(site, 'reload', {})
      const why = `cannot listen on 127.0.0.1:${taken}: address already in use`
      expect(report.problems.map(({ message }) => message)).toEqual([why])
      await until(
        async () => (await historyOf(site)).some(({ reason }) => reason === why),
        'the row of the start that failed',
      )
      expect(await knock({ port, host: '127.0.0.1' })).toBe('first')

      await replaceBy(site, { listen: `"0.0.0.0:${port}"`, answer: 'second' })
      expect(await knock({ port, host: '127.0.0.1' })).toBe('second')
      const listening = logOf(site).filter(({ event }) => event === 'listen')
      expect(listening.at(-1)?.msg).toBe(`web listens on 0.0.0.0:${port}`)

      // A crash loop keeps the socket open: connections wait for the next run.
      site.write('tasks.yaml', webTask({ listen: port.toString(), answer: 'loop', how: 'crash' }))
      await ask(site, 'reload', {})
      await ask(site, 'kill', { target: 'web', signal: 'SIGKILL' })
      await until(async () => ((await statusOf(site))?.counts?.restarts ?? 0) >= 2, 'a crash loop')
      const waiting = knock({ port, host: '127.0.0.1' })
      await replaceBy(site, { listen: port.toString(), answer: 'healed' })
      expect(await waiting).toBe('healed')

      // Not enabled: closed once its runs have ended.
      const off = { listen: port.toString(), answer: 'healed', more: ['enabled: false'] }
      site.write('tasks.yaml', webTask(off))
      await ask(site, 'reload', {})
      await until(
        async () => (await knock({ port, host: '127.0.0.1' })) === 'ECONNREFUSED',
        'the end of the socket',
      )
    },
    maxTestMs,
  )

  test.skipIf(!isRoot)(
    'root opens a port below 1024 for a task of another user, who may not',
    async ({ skip }) => {
      const address = { kind: 'tcp', host: '127.0.0.97', port: 80 } as const
      try {
        fs.closeSync(realSockets.open(address, { uid: 0, gid: 0 }).descriptor)
      } catch {
        skip('127.0.0.97:80 cannot be opened here')
      }
      const listen = '"127.0.0.97:80"'
      const site = newSite(webTask({ listen, answer: 'port 80', more: ['user: nobody'] }))
      await startDaemon(site)
      await settled(site)
      expect(await knock({ port: 80, host: '127.0.0.97' })).toBe('port 80')
      await site.torch('stop', '--grace', '0s')
      expect(await knock({ port: 80, host: '127.0.0.97' })).toBe('ECONNREFUSED')
    },
    maxTestMs,
  )
})
