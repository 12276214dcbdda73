import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { StartHelper } from '../../../src/host/helper.ts'
import type { Message } from '../../../src/notify/message.ts'
import { newSite } from '../../support/daemon-here.ts'
import { isAlive } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

/** Nothing is ever delivered, so everything that is sent stays in the outbox. */
const startHelper: StartHelper = () => ({ send() {}, end: async () => {} })

const targets = 'notify: { ops: { webhook: "https://x.example/T0K" }, log: { command: [cat] } }\n'

/** A site whose daemons deliver nothing, and what they want to send. */
function notifiedSite(yaml: string) {
  const site = newSite(targets + yaml)
  const letters = () => {
    const folder = path.join(site.home, 'outbox')
    const names = fs.existsSync(folder) ? fs.readdirSync(folder).toSorted() : []
    return names
      .filter((name) => /^\d/.test(name))
      .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')).letter)
  }
  return {
    ...site,
    daemon: () => site.daemon({ startHelper }),
    messages: (): (Message & { target: string })[] =>
      letters()
        .filter(({ kind }) => kind === 'message')
        .map(({ target, message }) => ({ ...message, target })),
    pings: (): string[] =>
      letters()
        .filter(({ kind }) => kind === 'ping')
        .map(({ task, event }) => `${task} ${event}`),
    state: () => JSON.parse(fs.readFileSync(path.join(site.home, 'notify.json'), 'utf8')),
  }
}

type Site = ReturnType<typeof notifiedSite>
type Running = Awaited<ReturnType<Site['daemon']>>

/** Runs a task by hand until its end is on record. */
async function run({ state, ask, runs }: Running, task: string): Promise<void> {
  await ask('run', { task, force: false })
  const collectors = state.runs.of(task).map(({ collector }) => collector?.pid)
  await runs(task, 0)
  // Real messages are sent a moment later, when the output is there.
  await until(() => !collectors.some((pid) => pid !== undefined && isAlive(pid)), 'the output')
  state.history.flush()
}

const kinds = (site: Site): string[] =>
  site.messages().map(({ kind, target }) => `${target} ${kind}`)

test('a failure, its end and its pings are in the outbox before the run is forgotten', async () => {
  const site = notifiedSite(`
web_url: https://torch.example.com
defaults: { notify: ops }
tasks:
  job:
    type: manual
    command: 'seq 30; echo "key=$SECRET $FROM_FILE"; exit $(cat code)'
    cwd: .
    description: Dumps hunter-two each night
    env: { SECRET: hunter-two }
    env_file: job.env
    notify: [ops, log]
    ping: https://hc.example/1
`)
  fs.writeFileSync(path.join(site.folder, 'job.env'), 'FROM_FILE=hunter-three\n')
  fs.writeFileSync(path.join(site.folder, 'code'), '3')
  const first = await site.daemon()
  await run(first, 'job')
  expect(kinds(site).toSorted()).toEqual(['log failed', 'ops failed'])
  const [message] = site.messages()
  expect(message).toMatchObject({ task: 'job', exitCode: 3, outcome: 'failed', count: 1 })
  const lines = message?.output?.split('\n') ?? []
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([20, '12', 'key=*** ***'])
  expect(message?.more).toBe(`torch history ${message?.run} --home ${site.home}`)
  expect(message?.description).toBe('Dumps *** each night')
  expect(message?.url).toBe(`https://torch.example.com/?task=job&run=${message?.run}`)
  expect(site.pings()).toEqual(['job failed'])
  expect(JSON.stringify([site.state(), first.lines])).not.toMatch(/hunter|T0K/)

  // The same trouble is not sent again, by this daemon or by the next one.
  await run(first, 'job')
  const next = await site.daemon()
  await run(next, 'job')
  expect(site.messages()).toHaveLength(2)
  fs.writeFileSync(path.join(site.folder, 'code'), '0')
  await run(next, 'job')
  expect(kinds(site).slice(2).toSorted()).toEqual(['log recovered', 'ops recovered'])
  expect(site.pings().at(-1)).toBe('job ok')
})

test('values are hidden where the output is cut, in a digest, and if they are short and secret', async () => {
  const lost = Array.from({ length: 11 }, (_, index) => `lost-${index}`)
  const tasks = lost.map((name) => `  ${name}: { <<: *lost }\n`).join('')
  const site = notifiedSite(`
defaults: { notify: ops, type: manual }
tasks:
  cut: { command: 'printf "%s%4080s." "$LONG"; exit 1', env: { LONG: ${'abcdefghi'.repeat(3)} } }
  short: { command: 'echo "$PIN $LEVEL"; exit 1', env: { PIN: "0815", LEVEL: debug } }
  lost: &lost { command: "true", cwd: /nowhere/s3cret-path, env: { A: s3cret-path } }
${tasks}`)
  const daemon = await site.daemon()
  for (const task of ['cut', 'short', 'lost', ...lost]) await run(daemon, task)
  const [cut, short, first] = site.messages()
  expect(cut?.output?.trim()).toBe('.')
  expect(short?.output).toBe('*** debug')
  expect(first?.reason).toContain('/nowhere/***')
  daemon.seconds(61)
  const digest = site.messages().at(-1)
  expect(digest).toMatchObject({ kind: 'digest', count: 4 })
  expect(digest?.reason).toContain('/nowhere/***')
  expect(JSON.stringify([site.messages(), site.state()])).not.toContain('s3cret')
})

test('what a daemon had no time to send is sent by the next one with the same id', async () => {
  const site = notifiedSite('tasks: { job: { type: manual, command: exit 3, notify: ops } }\n')
  const first = await site.daemon()
  await first.ask('run', { task: 'job', force: false })
  await first.runs('job', 0)
  // It is killed after the decision, and before anything of it is on the disk.
  first.kill()
  expect(site.messages()).toEqual([])
  const next = await site.daemon()
  next.state.history.flush()
  const [message] = site.messages()
  expect(kinds(site)).toEqual(['ops failed'])

  // After a crash between the outbox and notify.json it is decided once more.
  fs.rmSync(path.join(site.home, 'notify.json'))
  const entry = path.join(site.home, 'active', message?.run ?? '')
  fs.writeFileSync(entry, 'job\n')
  const third = await site.daemon()
  third.state.history.flush()
  expect(site.messages().map(({ id }) => id)).toEqual([message?.id])
})

test('a run that takes too long, a start that waits and a time without success are seen by the clock', async () => {
  const site = notifiedSite(`
defaults: { notify: { to: ops, late_after: 30s, stuck_after: 60s, repeat: 4h } }
tasks:
  slow: { schedule: "* * * * *", command: sleep 600, overlap: queue }
  never: { schedule: "0 0 1 1 *", command: "true", notify: { no_success_for: 2h } }
`)
  const { seconds } = await site.daemon()
  seconds(60)
  expect(kinds(site)).toEqual([])
  seconds(61)
  expect(kinds(site)).toEqual(['ops stuck'])
  seconds(29)
  expect(kinds(site)).toEqual(['ops stuck', 'ops late'])
  site.clock.advance(2 * 3_600_000)
  seconds(10)
  expect(kinds(site)).toContain('ops no_success_for')
})

test('a refused file is sent once, and once more when the file is good again', async () => {
  const good = 'defaults: { notify: ops }\ntasks: {}\n'
  const site = notifiedSite(good)
  const { edit, seconds } = await site.daemon()
  await edit(`${targets}tasks: [`)
  seconds(3)
  expect(site.messages()).toMatchObject([
    { kind: 'refused', task: null, more: `torch validate --home ${site.home}` },
  ])
  seconds(30)
  expect(site.messages()).toHaveLength(1)
  const bad = 'tasks: { a: { kommand: x }, b: { kommand: x } }\n'
  await edit(targets + bad)
  seconds(3)
  expect(site.messages()).toMatchObject([
    { kind: 'refused' },
    {
      kind: 'refused',
      reason: expect.stringMatching(/expected a schedule.*, and 3 more problems$/),
    },
  ])
  const state = site.state()
  expect(state.refused.to).toEqual(['ops'])
  // Who heard of it hears of its end, whatever the new file says of `refused`.
  await edit(`${targets}defaults: { notify: log }\ntasks: {}\n`)
  seconds(3)
  expect(site.messages().slice(2)).toMatchObject([
    {
      ...{ kind: 'recovered', target: 'ops', task: null, since: '2026-03-10T12:00:00.000Z' },
      more: `torch status --home ${site.home}`,
    },
  ])
  seconds(3)
  await edit(`${targets}tasks: [1`)
  seconds(3)
  expect(kinds(site).slice(3)).toEqual(['log refused'])
})

test('the next daemon sends that the previous one died, and nothing if it stopped in good order', async () => {
  const site = notifiedSite(
    'defaults: { notify: { to: ops, on: [daemon-started-after-crash] } }\ntasks: {}\n',
  )
  const record = path.join(site.home, 'daemon.json')
  const first = await site.daemon()
  await first.stop(null)
  await first.ended
  const second = await site.daemon()
  second.seconds(1)
  expect(site.messages()).toEqual([])
  second.kill()
  // As if its process was gone: here all daemons are one process.
  const { startTicks, ...rest } = JSON.parse(fs.readFileSync(record, 'utf8'))
  fs.writeFileSync(record, JSON.stringify({ ...rest, startTicks: startTicks - 1 }))
  const third = await site.daemon()
  third.seconds(1)
  expect(site.messages()).toMatchObject([
    {
      ...{
        kind: 'daemon-started-after-crash',
        task: null,
        more: `torch status --home ${site.home}`,
      },
      reason: expect.stringContaining('the previous daemon was killed or crashed'),
    },
  ])
})

test('one outage is one message for each target, about the tasks that it hears of', async () => {
  const task = (notify: string) =>
    `{ schedule: "*/10 * * * * *", command: "true", notify: ${notify} }`
  const site = notifiedSite(`
tasks:
  a: ${task('[ops, log]')}
  b: ${task('ops')}
  quiet: ${task('{ to: ops, on: [failed] }')}
  silent: ${task('{ to: [] }')}
`)
  const first = await site.daemon()
  await first.stop(null)
  await first.ended
  site.clock.advance(70_000)
  const second = await site.daemon()
  second.seconds(1)
  const times = 'from 2026-03-10 12:00:00 UTC to 2026-03-10 12:01:10 UTC (torch stop)'
  expect(site.messages()).toMatchObject([
    {
      ...{ target: 'ops', kind: 'missed', task: null, count: 12 },
      ...{ at: '2026-03-10T12:01:10.000Z', since: '2026-03-10T12:00:00.000Z' },
      reason: `torch was down ${times}: 2 tasks missed starts: a, b`,
      more: `torch history --outcome missed --home ${site.home}`,
    },
    {
      ...{ target: 'log', kind: 'missed', task: 'a', count: 6 },
      reason: `torch was down ${times}; due from 2026-03-10 12:00:10 UTC to 2026-03-10 12:01:00 UTC`,
    },
  ])
})

test('a state of messages that makes no sense is left out, and the rest of it counts', async () => {
  const task = '{ type: manual, command: "exit 3", notify: { to: ops, stuck_after: 1h } }'
  const names = ['job', 'a', 'b', 'c', 'd']
  const lines = [
    ...names.map((name) => `${name}: ${task}`),
    `e: ${task.replace('stuck_after', 'no_success_for')}`,
  ]
  const site = notifiedSite(`tasks:\n${lines.map((line) => `  ${line}\n`).join('')}`)
  fs.mkdirSync(path.join(site.home, 'outbox'), { recursive: true, mode: 0o700 })
  const at = site.clock.now() - 1000
  const failing = { sinceMs: at, run: 'r', toldMs: at }
  const windows = { ops: { startMs: at, sent: 1, held: 1, lines: [1] }, log: 'x' }
  const odd = {
    a: 5,
    b: null,
    c: { failing: { ...failing, sinceMs: 1e300 } },
    d: { stuck: { r: 1 } },
    e: { isNoSuccessKnown: 1 },
  }
  const state = { version: 1, tasks: { ...odd, job: { failing } }, windows, refused: 'x' }
  fs.writeFileSync(path.join(site.home, 'notify.json'), JSON.stringify(state))
  const result = { at: 'x', result: 'failed', words: 'x' }
  fs.writeFileSync(path.join(site.home, 'outbox', 'results.json'), JSON.stringify({ ops: result }))
  const daemon = await site.daemon()
  daemon.seconds(61)
  expect((await daemon.ask('status', {})).trouble).toEqual([])
  await run(daemon, 'job')
  expect(site.messages()).toEqual([])
  daemon.state.notifications.save()
  expect(site.state().tasks).toEqual({ job: expect.anything(), e: { seenMs: expect.any(Number) } })
})

test('many failures are ten messages and a digest, also if the daemon is killed in between', async () => {
  const names = Array.from({ length: 14 }, (_, index) => `job-${index}`)
  const tasks = names
    .map((name) => `  ${name}: { schedule: "@daily", command: "false" }\n`)
    .join('')
  const site = notifiedSite(`defaults: { notify: ops }\ntasks:\n${tasks}`)
  const first = await site.daemon()
  for (const name of names) await first.ask('run', { task: name, force: false })
  for (const name of names) await first.runs(name, 0)
  first.state.history.flush()
  expect(kinds(site)).toEqual(Array.from({ length: 10 }, () => 'ops failed'))
  const next = await site.daemon()
  next.seconds(61)
  const digest = site.messages().at(-1)
  expect(digest).toMatchObject({ kind: 'digest', count: 4, task: null })
  expect(digest?.reason?.split('\n')).toHaveLength(4)
  expect(site.messages()).toHaveLength(11)
})

test('a change of notify restarts nothing and applies at once', async () => {
  const yaml = (notify: string) =>
    `${targets}tasks: { d: { type: daemon, command: sleep 600${notify} }, job: { type: manual, command: exit 1${notify} } }\n`
  const site = notifiedSite('tasks: {}\n')
  const daemon = await site.daemon()
  await daemon.edit(yaml(''))
  await daemon.runs('d', 1)
  const before = daemon.running('d')
  await run(daemon, 'job')
  expect(site.messages()).toEqual([])
  expect(await daemon.edit(yaml(', notify: log'))).toMatchObject({
    verdict: 'unchanged',
    changed: [],
  })
  expect(daemon.running('d')).toEqual(before)
  await run(daemon, 'job')
  await until(() => kinds(site).length > 0, 'a message')
  expect(kinds(site)).toEqual(['log failed'])
})

test('status says which messages are not delivered', async () => {
  const site = newSite(`${targets}tasks: { job: { type: manual, command: exit 1, notify: ops } }\n`)
  const gone: StartHelper = ({ onEnd }) => ({
    send: () => onEnd('exit code 9'),
    end: async () => {},
  })
  const daemon = await site.daemon({ startHelper: gone })
  const troubles = async () =>
    (await daemon.ask('status', {})).trouble?.map(({ message }) => message)
  expect(await troubles()).toEqual([])
  await run(daemon, 'job')
  await until(async () => (await troubles())?.length === 1, 'the trouble')
  expect(await troubles()).toEqual([
    expect.stringMatching(/^messages to ops are not delivered: .*; 1 message for it waits$/),
  ])
})

test('who asks for it hears when a task is paused and when it starts again', async () => {
  const site = notifiedSite(`
tasks:
  job: { type: manual, command: exit 0, notify: { to: ops, on: [paused, resumed] } }
  other: { type: manual, command: exit 0, notify: ops }
`)
  const { ask, seconds } = await site.daemon()
  const end = '2026-03-10T12:00:05Z'
  await ask('pause', { tasks: ['*'], until: end, by: 'alice', reason: 'new disk' })
  seconds(6)
  expect(site.messages()).toMatchObject([
    { kind: 'paused', task: 'job', reason: 'by alice until 2026-03-10T12:00:05.000Z: new disk' },
    { kind: 'resumed', task: 'job', reason: 'the pause has ended' },
  ])
})
