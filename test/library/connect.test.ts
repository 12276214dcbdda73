import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Run, Torch } from '../../src/library/api.ts'
import { connect, type RunEvent, type RunLine, TorchError } from '../../src/library/connect.ts'
import { readIfThere, startDaemon } from '../support/daemon.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

/** Commands wait for a file that the test writes. */
const wait = (name: string): string => `until [ -e ${name} ]; do sleep 0.02; done`
const commands = {
  many: 'seq 100000',
  silent: 'exec true',
  forgotten: 'echo gone; exit 3',
  torn: String.raw`printf 'caf\303'; ${wait('go-torn')}; printf '\251\nlast'`,
  long: `head -c 17000000 /dev/zero | tr '\\0' x; echo; echo short`,
  trimmed: 'seq 10000',
  slow: `seq 1 50; ${wait('go-slow')}; seq 51 100`,
  crashes: `echo here; ${wait('go-crash')}; kill -KILL $$`,
  continues: `echo here; ${wait('go-crash')}; ${wait('go-continue')}; echo still here`,
  traps: `trap 'echo got INT; exit 4' INT; echo ready; while :; do sleep 0.02; done`,
}
/** These read their input. */
const readers = { echo: 'exec cat', deaf: wait('never') }
const outputs: Record<string, string> = {
  forgotten: 'output: { keep_runs: 0 }',
  long: 'output: { max_size: 50MB }',
  trimmed: 'output: { max_size: 1kB }',
}
const tasks = Object.entries(commands).map(
  ([name, command]) =>
    `  ${name}: { type: manual, command: ${JSON.stringify(command)}, cwd: FOLDER, ${outputs[name] ?? ''} }\n`,
)
tasks.push("  queued: { type: manual, input: queue, command: 'cat' }\n")
for (const [name, command] of Object.entries(readers))
  tasks.push(
    `  ${name}: { type: manual, input: live, command: ${JSON.stringify(command)}, cwd: FOLDER }\n`,
  )

let site: Site
let torch: Torch
let anyRun: Run
beforeAll(async () => {
  site = newSite()
  site.write('tasks.yaml', `tasks:\n${tasks.join('').replaceAll('FOLDER', site.folder)}`)
  torch = connect({ home: site.home })
  await startDaemon(site)
  anyRun = await torch.run('silent')
})
afterAll(closeSites)

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

const textsOf = (lines: readonly RunLine[]): string[] => lines.map(({ line }) => line)

/** What happens to runs of these tasks while `act` is done, until that many have ended. */
async function heard(
  names: readonly string[],
  ends: number,
  act: () => Promise<unknown>,
): Promise<RunEvent[]> {
  const events = torch.follow(names)
  await act()
  const found: RunEvent[] = []
  for await (const event of events) {
    found.push(event)
    if (found.filter((each) => each.event === 'end').length === ends) break
  }
  return found
}

/** A line as its text, a start as `>`, an end as its outcome. */
const shown = (event: RunEvent): string =>
  event.event === 'line' ? event.line : event.event === 'end' ? event.end.outcome : '>'

test('100,000 lines come complete and in order', async () => {
  const run = await torch.run('many')
  // To look at a run must not begin to wait for its end.
  expect(Object.keys(run)).not.toContain('over')
  const lines = await all(run.lines())
  expect(textsOf(lines)).toEqual(Array.from({ length: 100_000 }, (_, index) => String(index + 1)))
  expect(await run.over).toMatchObject({ run: run.id, task: 'many', outcome: 'ok', exitCode: 0 })
})

test('a run that ends at once and prints nothing has no line, and an end', async () => {
  const events = await heard(['silent'], 2, async () => {
    const run = await torch.run('silent')
    expect(await all(run.lines())).toEqual([])
    expect((await run.over).outcome).toBe('ok')
    await torch.run('silent')
  })
  const runs = [...new Set(events.map(({ run }) => run))]
  expect(runs).toHaveLength(2)
  for (const run of runs)
    expect(events.filter((each) => each.run === run).map(shown)).toEqual(['>', 'ok'])
})

test('the end of a run that keeps nothing comes from the history', async () => {
  const run = await torch.run('forgotten')
  expect(await run.over).toMatchObject({ run: run.id, outcome: 'failed', exitCode: 3 })
  const folder = path.join(site.home, 'runs/forgotten', run.id)
  await until(() => !fs.existsSync(folder), 'the end of its folder')
  const again = await torch.attach(run.id)
  expect(again.task).toBe('forgotten')
  expect((await again.over).exitCode).toBe(3)
  expect(await all(again.lines())).toEqual([])
})

test('a character in two parts is one, and the last line needs no line break', async () => {
  const run = await torch.run('torn')
  const lines = run.lines()
  const first = lines.next()
  site.write('go-torn', '')
  expect((await first).value).toMatchObject({ line: 'café', next: 6 })
  expect(textsOf(await all(lines))).toEqual(['last'])
})

test('a line over 16 MiB comes in parts', async () => {
  const run = await torch.run('long')
  const lines = await all(run.lines())
  expect(lines.map(({ line, partial }) => [line.length, partial])).toEqual([
    [16 * 1024 * 1024, true],
    [17_000_000 - 16 * 1024 * 1024, undefined],
    [5, undefined],
  ])
})

test('a reader finds its place again in an output that torch has truncated', async () => {
  const run = await torch.run('trimmed')
  await run.over
  const whole = Array.from({ length: 10_000 }, (_, index) => `${index + 1}\n`).join('')
  const isGone = (line: string): boolean => line.startsWith('[torch: ')
  const lines = await until(async () => {
    const found = await all(run.lines())
    return found.some(({ line }) => isGone(line)) && found
  }, 'the shorter output')
  expect(lines.at(-1)).toMatchObject({ line: '10000', next: whole.length })
  // The lines beside the gap are cut, and all others are where they were.
  const gap = lines.findIndex(({ line }) => isGone(line))
  for (const [index, { line, next }] of lines.entries())
    if (Math.abs(index - gap) > 1)
      expect(whole.slice(0, next)).toMatch(new RegExp(`(^|\n)${line}\n$`))
  for (const { next } of lines.filter((_, index) => index % 20 === 0 || Math.abs(index - gap) < 3))
    expect(textsOf(await all(run.lines({ from: next })))).toEqual(
      textsOf(lines.filter((each) => each.next > next)),
    )
})

test('a slow reader gets every line once while the daemon is killed and the next one starts', async () => {
  const run = await torch.run('slow')
  const { over } = run
  const found: string[] = []
  for await (const { line } of run.lines()) {
    found.push(line)
    if (found.length === 25) {
      process.kill(site.pid() ?? 0, 'SIGKILL')
      site.write('go-slow', '')
    }
    // It ended while no daemon was there to record it.
    if (found.length === 100) await startDaemon(site)
  }
  expect(found).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)))
  expect(await over).toMatchObject({ run: run.id, outcome: 'ok' })
})

test('one worker crashes, and the other one continues', async () => {
  const events = await heard(['c*s'], 2, async () => {
    await torch.run('crashes')
    await torch.run('continues')
    // No run is too new to be one of them.
    const runs = await torch.runs('c*')
    expect(runs.map(({ task }) => task)).toEqual(['crashes', 'continues'])
    site.write('go-crash', '')
    const crashed = runs.find(({ task }) => task === 'crashes')
    expect(await crashed?.over).toMatchObject({ outcome: 'killed', signal: 'SIGKILL' })
    expect((await torch.runs()).map(({ task }) => task)).toEqual(['continues'])
    site.write('go-continue', '')
  })
  const ofTask = (task: string) => events.filter((each) => each.task === task).map(shown)
  expect(ofTask('crashes')).toEqual(['>', 'here', 'killed'])
  expect(ofTask('continues')).toEqual(['>', 'here', 'still here', 'ok'])
})

test('a run is followed from its first line, even if it was running before', async () => {
  const run = await torch.run('traps')
  const lines = run.lines()
  expect((await lines.next()).value).toMatchObject({ line: 'ready' })
  const events = await heard(['traps'], 1, () => run.kill('SIGINT'))
  expect(events.map(shown)).toEqual(['>', 'ready', 'got INT', 'failed'])
  expect(textsOf(await all(lines))).toEqual(['got INT'])
  await expect(run.kill()).rejects.toMatchObject({ code: 'not-running' })
})

test('messages to a task with a queue start it, and a wrong one sends none of them', async () => {
  for (const [text, message, hint] of [
    ['a\nb', 'message 2 has a line break', /^split it/],
    ['a\0b', 'message 2 has a NUL character', /path$/],
    ['x'.repeat(65_537), 'message 2 has 65537 bytes, and at most 65536 are sent', /path$/],
    [['x'], 'message 2 is a list, not text', /argument of its own/],
  ] as const)
    await expect(torch.send('queued', 'good', text as string)).rejects.toMatchObject({
      ...{ code: 'usage', message },
      hint: expect.stringMatching(hint),
    })
  await expect(torch.send('many', 'good')).rejects.toMatchObject({ code: 'no-queue' })
  const events = await heard(['queued'], 1, async () => {
    expect(await torch.send('queued', 'one', 'two')).toHaveLength(2)
  })
  expect(events.map(shown)).toEqual(['>', 'one', 'two', 'ok'])
})

test('lines arrive in the order of the calls, and no more of them once the input is closed', async () => {
  const run = await torch.run('echo')
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index} é`)
  const calls = lines.map((line) => run.send(line))
  await Promise.all([...calls, run.send('last', '', 'two'), run.end()])
  expect(textsOf(await all(run.lines()))).toEqual([...lines, 'last', '', 'two'])
  expect((await run.over).outcome).toBe('ok')
  await expect(run.send('more')).rejects.toMatchObject({ code: 'not-running' })
})

test.each([
  ['a\nb', 'has a line break'],
  ['a\0b', 'has a NUL character'],
  ['x'.repeat(65_537), 'has 65537 bytes'],
])('a line that cannot be sent is refused before anything is sent', async (line, why) => {
  const run = await torch.run('deaf', { force: true })
  await expect(run.send('good', line)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining(`line 2 ${why}`),
  })
  await run.kill()
  await run.over
  const unread = path.join(site.home, 'runs/deaf', run.id, 'unread')
  expect(readIfThere(unread)).toBe('')
})

test('a task without input cannot be sent anything', async () => {
  const run = await torch.run('traps')
  // Before that, the signal may be lost.
  expect((await run.lines().next()).value).toMatchObject({ line: 'ready' })
  await expect(run.send('x')).rejects.toMatchObject({ code: 'no-input' })
  await run.kill('SIGINT')
  await run.over
})

test('a signal ends a loop that waits', async () => {
  const abort = new AbortController()
  const next = torch.follow('nobody', { signal: abort.signal }).next()
  abort.abort(new Error('enough'))
  await expect(next).rejects.toThrow('enough')
})

test.each([
  ['an empty home', async () => connect({ home: '' })],
  ['a place that is not a number of bytes', () => all(anyRun.lines({ from: -1 }))],
  ['a signal that does not exist', () => anyRun.kill('SIGNOTHING')],
  ['no task to run', () => torch.run('')],
  ['no task to send to', () => torch.send('', 'x')],
  ['more messages than one call may have', () => torch.send('queued', ...'x'.repeat(1_001))],
  // As a program in JavaScript may do.
  ['a number instead of tasks', () => torch.runs(5 as never)],
  ['a number among the tasks', async () => torch.follow(['many', 5 as never])],
  ['a list as a message', () => torch.send('queued', ['a', 'b'] as never)],
  ['a home that is not in an option', async () => connect('/x' as never)],
  ['a misspelt option', () => torch.run('echo', { forse: true } as never)],
  ['nothing as a line', () => anyRun.send(undefined as never)],
])('%s is an error of the code usage', async (_what, act: () => Promise<unknown>) => {
  const error = await act().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TorchError)
  expect(error).toMatchObject({ code: 'usage', hint: expect.any(String) })
})

test.skipIf(process.getuid?.() !== 0)('the home of another user is an error of its own', () => {
  const library = path.join(root, 'dist/library/connect.js')
  const code = `
    const { connect } = await import(${JSON.stringify(library)})
    const torch = connect({ home: ${JSON.stringify(site.home)} })
    const run = () => torch.run('many')
    const follow = async () => { for await (const each of torch.follow()) void each }
    for (const act of [run, () => torch.runs(), follow])
      await act().catch((error) => console.log(error.code))`
  fs.chmodSync(site.folder, 0o755)
  const words = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath]
  const { stdout } = spawnSync('setpriv', [...words, '--input-type=module', '-e', code], {
    encoding: 'utf8',
  })
  expect(stdout).toBe('daemon-denied\ndaemon-denied\ndaemon-denied\n')
})
