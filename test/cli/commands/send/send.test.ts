import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, logOf } from '../../../support/daemon.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import { openInbox } from '../../../../src/record/inbox/inbox.ts'
import { keptMessages } from '../../../../src/record/inbox/kept.ts'
import { closeSites, newSite, script, type Site } from '../../../support/torch.ts'
import { until } from '../../../support/until.ts'

const reader = 'command: "while read -r line; do echo \\"got $line\\"; done; echo end", input: live'
const tasks = `
tasks:
  plain: { type: manual, ${reader} }
  words: { type: manual, ${reader} }
  typed: { type: manual, ${reader} }
  pair: { type: manual, max: 2, ${reader} }
  group-a: { type: manual, ${reader} }
  group-b: { type: manual, ${reader} }
  group-c: { type: manual, command: [sleep, "600"] }
  two-live: { type: manual, max: 2, ${reader} }
  two-queue: { type: manual, command: cat, input: queue, enabled: false }
  mix-live: { type: manual, ${reader} }
  mix-queue: { type: manual, command: cat, input: queue, enabled: false }
  deaf: { type: manual, command: [sleep, "600"], input: live }
  deaf-pipe: { type: manual, command: [sleep, "600"], input: live }
  idle: { type: manual, ${reader} }
  none: { type: manual, command: [sleep, "600"] }
  cut: { type: manual, max: unlimited, ${reader} }
  filed: { type: manual, ${reader} }
  stopped: { type: manual, ${reader} }
  inner: { type: manual, command: ${JSON.stringify([process.execPath, script, 'send', 'inner-queue', 'hello'])} }
  inner-queue: { type: manual, command: cat, input: queue, enabled: false }
`
let site: Site
beforeAll(async () => {
  site = newSite(tasks)
  await site.torch('start')
})
afterAll(closeSites)
// Tests run concurrently; each has its own tasks.
vi.setConfig({ testTimeout: 120_000 })

/** Starts a run, and says how to read its output. */
async function start(task: string): Promise<{ run: string; output: () => string }> {
  const { run, directory } = await ask(site, 'run', { task, force: false })
  const file = path.join(directory, 'output')
  return { run, output: () => fs.readFileSync(file, 'utf8') }
}

/** Runs torch with this standard input. */
async function torchReading(text: string | Buffer, ...words: string[]) {
  const running = site.spawn(words)
  running.child.stdin?.end(text)
  return running.ended
}

describe.concurrent('torch send', () => {
  test('each word is a line, also an empty one; --end is the end of the input', async () => {
    const { run, output } = await start('words')
    const sent = await site.torch('send', 'words', 'one', 'two  words', '')
    expect(sent).toMatchObject({ status: 0, stdout: `sent 3 lines to words ${run}\n` })
    const json = await site.torch('send', 'words', 'last', '--end', '--json')
    expect(JSON.parse(json.stdout)).toEqual([{ task: 'words', run, lines: 1, message: null }])
    await until(() => output().endsWith('end\n'), 'the end')
    expect(output()).toBe('got one\ngot two  words\ngot \ngot last\nend\n')
    const late = await site.torch('send', 'words', 'late')
    expect(late.status).toBe(1)
    expect(late.stderr).toMatch(/^torch: words is not running\nhint: torch run words/)
  })

  test('without words the lines come from standard input, and bytes pass unchanged', async () => {
    const { run, output } = await start('plain')
    const text = Buffer.from([...Buffer.from('ä\n'), 0xff, 0xfe, 10, ...Buffer.from('no break')])
    const { stdout } = await torchReading(text, 'send', 'plain')
    expect(stdout).toBe(`sent 3 lines to plain ${run}\n`)
    // Nobody closes this standard input: --end does not wait for it.
    expect((await site.torch('send', 'plain', '--end')).stdout).toBe(
      `closed the input of plain ${run}\n`,
    )
    await until(() => output().endsWith('end\n'), 'the end')
    const all = fs.readFileSync(path.join(site.home, 'runs/plain', run, 'output'))
    expect(all.toString('latin1')).toBe('got Ã¤\ngot \xff\xfe\ngot no break\nend\n')
  })

  test('with several runs the sender must choose one, or all', async () => {
    const [one, two] = [await start('pair'), await start('pair')]
    const refused = await site.torch('send', 'pair', 'x')
    expect(refused.status).toBe(2)
    expect(refused.stderr).toContain(`${one.run}, ${two.run}`)
    await site.torch('send', 'pair', 'first', '--run', one.run.slice(0, -1))
    const { stdout } = await site.torch('send', 'pair', 'both', '--all', '--end', '--json')
    expect((JSON.parse(stdout) as { run: string }[]).map(({ run }) => run)).toEqual([
      one.run,
      two.run,
    ])
    await until(() => [one, two].every(({ output }) => output().endsWith('end\n')), 'the ends')
    expect(one.output()).toBe('got first\ngot both\nend\n')
    expect(two.output()).toBe('got both\nend\n')
    const wrong = await site.torch('send', 'pair', 'x', '--run', '20010101')
    expect(wrong.status).toBe(1)
    const both = await site.torch('send', 'pair', 'x', '--run', one.run, '--all')
    expect(both).toMatchObject({
      status: 2,
      stderr: 'torch: --run and --all cannot be combined\nhint: torch send pair --all LINE...\n',
    })
  })

  test('a queue gets nothing if a pattern also means several runs of a task', async () => {
    await start('two-live')
    await start('two-live')
    const refused = await site.torch('send', 'two-*', 'x')
    expect(refused).toMatchObject({ status: 2, stdout: '' })
    expect(refused.stderr).toContain('several runs of two-live are running')
    const inbox = JSON.parse((await site.torch('inbox', 'two-queue', '--json')).stdout) as unknown
    expect(inbox).toMatchObject([{ waiting: 0 }])
  })

  test('a pattern sends to each of its tasks that has an input', async () => {
    const runs = [await start('group-a'), await start('group-b')]
    await start('group-c')
    const { status, stdout } = await site.torch('send', 'group-*', 'x', '--end')
    expect([status, stdout.split('\n').length]).toEqual([0, 3])
    await until(() => runs.every(({ output }) => output() === 'got x\nend\n'), 'the lines')
    expect((await site.torch('send', 'group-c', 'x')).stderr).toMatch(/takes no input\nhint: /)
  })

  test('a pattern sends to queues and runs, and shows both in one list', async () => {
    const { run, output } = await start('mix-live')
    const message = [expect.stringMatching(/^\d/), expect.stringMatching(/^\d/)]
    const json = await site.torch('send', 'mix-*', 'one', 'two', '--json')
    expect(JSON.parse(json.stdout)).toEqual([
      { task: 'mix-queue', run: null, lines: 2, message },
      { task: 'mix-live', run, lines: 2, message: null },
    ])
    expect((await site.torch('send', 'mix-*', 'three', '--run', run)).stdout).toBe(
      `sent 1 line to mix-live ${run}\n`,
    )
    const read = await torchReading('four\n', 'send', 'mix-*')
    expect(read.stdout).toBe(`1 message waits for mix-queue\nsent 1 line to mix-live ${run}\n`)
    await site.torch('send', 'mix-live', '--end')
    await until(() => output().endsWith('end\n'), 'the end')
    expect(output()).toBe('got one\ngot two\ngot three\ngot four\nend\n')
  })

  test('torch send within a run finds its daemon, and the message says which run sent it', async () => {
    const { run, output } = await start('inner')
    const inbox = openInbox(thisMachine(), path.join(site.home, 'inbox'), () => {})
    const kept = () => keptMessages(inbox, 'inner-queue', ['new']).map(({ message }) => message)
    await until(() => kept().length === 1, 'the message')
    expect(kept()).toMatchObject([{ text: 'hello', from: { task: 'inner', run } }])
    await until(() => output() === '1 message waits for inner-queue\n', 'the output')
  })

  test('a run that does not read ends the command with 1, with what it left unread', async () => {
    const { run } = await start('deaf-pipe')
    const text = `${'x'.repeat(999)}\n`.repeat(100)
    const full = await torchReading(text, 'send', 'deaf-pipe', '--timeout', '300ms')
    expect(full.status).toBe(1)
    expect(full.stderr).toMatch(
      /^torch: deaf-pipe does not read: its input is full \(\d+ bytes unread\)\nhint: \d\d lines were sent/,
    )
    const status = await site.torch('status', 'deaf-pipe')
    expect(status.stdout).toMatch(/input +live, \d+ bytes unread/)
    const report = await ask(site, 'status', {})
    const input = report.tasks.find(({ name }) => name === 'deaf-pipe')?.input
    expect(input).toEqual({ mode: 'live', unread: expect.any(Number) })
    await site.torch('kill', 'deaf-pipe')
    await until(
      () => fs.existsSync(path.join(site.home, 'runs/deaf-pipe', run, 'outcome.json')),
      'its end',
    )
    expect((await site.torch('history', run)).stdout).toMatch(/unread +\d+ bytes of its input/)
    const ends = logOf(site).filter(({ event, task }) => event === 'end' && task === 'deaf-pipe')
    expect(ends).toEqual([expect.objectContaining({ unread: expect.any(Number) })])
  })

  test('wrong lines and wrong tasks are refused before anything is sent', async () => {
    await start('none')
    const cases = [
      [['none', 'x'], 2, 'none takes no input'],
      [['idle', 'x'], 1, 'idle is not running'],
      [['typo', 'x'], 2, 'there is no task "typo"'],
      [['idle', 'a\nb'], 2, 'word 1 has a line break; nothing is sent'],
      [
        ['idle', 'a', 'x'.repeat(65_537)],
        2,
        'word 2 has 65537 bytes, and at most 65536 are sent; nothing is sent',
      ],
    ] as const
    for (const [words, status, message] of cases) {
      const ended = await site.torch('send', ...words)
      expect([words[0], ended.status, ended.stderr.split('\n')[0]]).toEqual([
        words[0],
        status,
        `torch: ${message}`,
      ])
    }
    const { run, output } = await start('typed')
    const nul = await torchReading('good\nb\0d\nnot sent\n', 'send', 'typed')
    expect(nul).toMatchObject({ status: 2, stdout: `sent 1 line to typed ${run}\n` })
    expect(nul.stderr).toContain(
      'torch: line 2 of standard input has a NUL character; this line and all after it are not sent',
    )
    const none = await torchReading('b\0d\nnot sent\n', 'send', 'typed')
    expect(none).toMatchObject({ status: 2, stdout: '' })
    const folder = await site.torchWith({ stdin: '/' }, 'send', 'typed')
    expect(folder).toMatchObject({ status: 1, stdout: '' })
    expect(folder.stderr).toContain('standard input cannot be read: EISDIR: ')
    const long = await torchReading('x'.repeat(65_536), 'send', 'typed')
    expect(long.stdout).toBe(`sent 1 line to typed ${run}\n`)
    await until(() => output() === `got good\ngot ${'x'.repeat(65_536)}\n`, 'the good lines')
  })

  test('without a daemon it exits with 3', async () => {
    const other = newSite(tasks)
    expect((await other.torch('send', 'plain', 'x')).status).toBe(3)
  })
})

describe.concurrent('torch run of a task with input: live', () => {
  test('torch run connects its standard input, until its end', async () => {
    const run = site.spawn(['run', 'filed'])
    run.child.stdin?.write('one\n')
    await until(() => run.stdout() === 'got one\n', 'the first line')
    run.child.stdin?.end('two\nthree')
    expect(await run.ended).toMatchObject({
      status: 0,
      stdout: 'got one\ngot two\ngot three\nend\n',
      stderr: '',
    })
  })

  test('torch run without a daemon does the same', async () => {
    const other = newSite(tasks)
    const run = other.spawn(['run', 'filed'])
    run.child.stdin?.end('one\ntwo\n')
    expect(await run.ended).toMatchObject({ status: 0, stdout: 'got one\ngot two\nend\n' })
  })

  test('torch run returns when the run ends, although standard input stays open', async () => {
    const run = site.spawn(['run', 'stopped'])
    run.child.stdin?.write('one\n')
    await until(() => run.stdout() === 'got one\n', 'the first line')
    await site.torch('kill', 'stopped')
    expect((await run.ended).status).toBe(143)
    run.child.stdin?.destroy()
  })

  test.each([
    ['a NUL', 'one\na\0b\nnot sent\n', 'line 2 of standard input has a NUL character'],
    ['more than 64 KiB', `one\n${'x'.repeat(70_000)}\nnot sent\n`, 'and at most 65536 are sent'],
  ])(
    'a line with %s ends the input of the run, and torch run exits with 2',
    async (_, text, why) => {
      const ended = await torchReading(text, 'run', 'cut')
      expect(ended).toMatchObject({ status: 2, stdout: 'got one\nend\n' })
      expect(ended.stderr).toMatch(/^torch: line 2 of standard input has .*\nhint: .*\n$/)
      expect(ended.stderr).toContain(why)
      expect(ended.stderr).toContain('; this line and all after it are not sent\n')
    },
  )

  test('standard input that cannot be read ends the input of the run, and torch run exits with 1', async () => {
    const other = newSite(tasks)
    const inDaemon = site.torchWith({ stdin: '/' }, 'run', 'cut')
    // Without a daemon. This file is like one on a disk that fails: it opens, and reading it is an error.
    const alone = other.torchWith({ stdin: '/proc/self/mem' }, 'run', 'cut')
    for (const [ended, code] of [
      [await inDaemon, 'EISDIR'],
      [await alone, 'EIO'],
    ] as const) {
      expect(ended).toMatchObject({ status: 1, stdout: 'end\n' })
      expect(ended.stderr).toContain(`torch: standard input cannot be read: ${code}: `)
    }
  })

  test('without its daemon torch run says so once, and the next daemon sends what waits', async () => {
    const other = newSite(tasks)
    await other.torch('start')
    const run = other.spawn(['run', 'filed'])
    run.child.stdin?.write('one\n')
    await until(() => run.stdout() === 'got one\n', 'the first line')
    process.kill(other.pid() ?? 0, 'SIGKILL')
    run.child.stdin?.end('two\n')
    await until(() => run.stderr().includes('hint: '), 'the message')
    expect(run.stderr()).toMatch(
      /^torch: the daemon is gone; run \S+ continues, and its input waits for the next daemon\nhint: start the next daemon: torch start --home \S+\n$/,
    )
    await other.torch('start')
    const { status, stdout, stderr } = await run.ended
    expect([status, stdout]).toEqual([0, 'got one\ngot two\nend\n'])
    expect(stderr.split('\n')).toHaveLength(3)
  })
})
