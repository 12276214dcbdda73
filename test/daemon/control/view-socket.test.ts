import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import type { HistoryReply, OutputReply } from '../../../src/control/protocol.ts'
import { ask, maxTestMs } from '../../support/daemon.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

afterEach(closeSites)

const isRoot = process.getuid?.() === 0
/** A group of which this process is a member, or for root one that others have. */
const group = isRoot ? 1 : (process.getgid?.() ?? 0)
const nobody = 65_534
const run = promisify(execFile)

/** What a program prints that runs as a user of this group, without other groups. */
async function asViewer(gid: number, ...words: string[]): Promise<string> {
  const drop = isRoot ? ['setpriv', `--reuid=${nobody}`, `--regid=${gid}`, '--clear-groups'] : []
  const [command = '', ...args] = [...drop, ...words]
  const { stdout } = await run(command, args)
  return stdout
}

/** The reply that a viewer gets, with its status of HTTP. */
async function look(site: Site, name: string, body: object, gid = group) {
  const socket = path.join(site.home, 'torch-view.sock')
  const words = ['-sS', '-m', '20', '--unix-socket', socket, '-w', '\n%{http_code}', '-d']
  const text = await asViewer(gid, 'curl', ...words, JSON.stringify(body), `http://torch/${name}`)
  const cut = text.lastIndexOf('\n')
  return { status: Number(text.slice(cut)), body: JSON.parse(text.slice(0, cut)) as unknown }
}

/** Everything in the home that anybody but its owner may use. */
function openFiles(home: string): string[] {
  const names = fs.readdirSync(home, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => (fs.lstatSync(path.join(home, name)).mode & 0o077) !== 0)
}

test(
  'members of the view group may look and do nothing else, until a daemon starts without it',
  { timeout: maxTestMs },
  async () => {
    const tasks = 'tasks:\n  hello: { type: manual, command: "printf %s hello" }\n'
    const site = newSite(tasks)
    fs.chmodSync(site.folder, 0o711)
    fs.mkdirSync(site.home, { mode: 0o700 })
    fs.writeFileSync(path.join(site.home, 'mine.yaml'), tasks, { mode: 0o644 })
    fs.writeFileSync(path.join(site.home, 'torch.lock'), '')
    const started = await site.torch('start', '--view-group', String(group))
    expect(started.stderr).toBe('')
    const { run: id } = await ask(site, 'run', { task: 'hello', force: false })
    await until(async () => {
      const { rows } = await ask(site, 'history', { run: id })
      return rows[0]?.outcome === 'ok'
    }, 'the end of the run in the history')

    expect(fs.statSync(site.home).mode & 0o777).toBe(0o710)
    expect(openFiles(site.home)).toEqual(['torch-view.sock'])
    expect(await look(site, 'status', {})).toMatchObject({
      status: 200,
      body: { daemon: { pid: site.pid() }, tasks: [{ name: 'hello' }] },
    })
    const { rows, more } = (await look(site, 'history', { tasks: ['hello'] })).body as HistoryReply
    expect([rows.map((row) => row.run), more]).toEqual([[id], null])
    const part = { run: id, from: 1, bytes: 3 }
    const output = (await look(site, 'output', part)).body as OutputReply
    expect(Buffer.from(output.text, 'base64').toString()).toBe('ell')
    expect(output).toMatchObject({ from: 1, next: 4, size: 5, isWhole: true })
    expect(await look(site, 'output', { ...part, run: '../../etc' })).toMatchObject({
      body: { error: { code: 'no-run' } },
    })
    for (const [name, body] of [
      ['run', { task: 'hello', force: true }],
      ['kill', { target: 'hello', signal: null }],
      ['stop', { graceMs: 0, leave: false }],
      ['reload', {}],
      ['flush', {}],
    ] as const)
      expect(await look(site, name, body)).toMatchObject({
        status: 403,
        body: { error: { code: 'not-allowed' } },
      })
    expect(await look(site, 'history', { limit: 501 })).toMatchObject({ status: 400 })

    // Nobody who looks is refused meanwhile.
    let isOver = false
    const answers = new Set<unknown>()
    const client = async (): Promise<void> => {
      while (!isOver)
        answers.add(await look(site, 'status', {}).then(({ status }) => status, String))
    }
    const clients = [client(), client()]
    expect((await site.torch('restart')).status).toBe(0)
    isOver = true
    await Promise.all(clients)
    expect([...answers]).toEqual([200])
    expect(await look(site, 'status', {})).toMatchObject({ body: { daemon: { pid: site.pid() } } })
    expect(openFiles(site.home)).toEqual(['torch-view.sock'])

    if (isRoot) {
      // A member of another group cannot even enter, and a member of this one cannot read anything.
      await expect(look(site, 'status', {}, nobody)).rejects.toThrow(/connect/)
      for (const name of ['daemon.log', 'history.db', 'mine.yaml', 'tasks-path', 'torch.pid'])
        await expect(asViewer(group, 'cat', path.join(site.home, name))).rejects.toThrow('denied')
      for (const name of ['', 'runs', 'active'])
        await expect(asViewer(group, 'ls', path.join(site.home, name))).rejects.toThrow('denied')
      const main = ['--unix-socket', path.join(site.home, 'torch.sock'), '-d', '{}']
      await expect(asViewer(group, 'curl', '-sS', ...main, 'http://t/status')).rejects.toThrow()
    }

    const pid = site.pid() ?? 0
    process.kill(pid, 'SIGKILL')
    await until(() => !site.living().includes(pid), 'the end of the daemon')
    expect((await site.torch('start')).stderr).toBe('')
    expect(fs.statSync(site.home).mode & 0o777).toBe(0o700)
    expect(fs.existsSync(path.join(site.home, 'torch-view.sock'))).toBe(false)
    await site.torch('stop')

    const refused = await site.torch('start', '--view-group', 'no-such-group')
    expect(refused.status).toBe(1)
    expect(refused.stderr).toContain('there is no group "no-such-group" on this machine')
  },
)
