import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { takeMessages } from '../../../src/daemon/control/messages.ts'
import type { Daemon } from '../../../src/daemon/state.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { openInbox, putMessages } from '../../../src/record/inbox/inbox.ts'
import { keptMessages } from '../../../src/record/inbox/kept.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

const from = { host: 'a', task: null, run: null }

/** As `torch send`. */
function send({ state }: { state: Daemon }, task: string, ...texts: string[]) {
  return takeMessages(state, { task, texts, from })
}

/** As `torch send` when no daemon runs. */
function leave({ home }: { home: string }, task: string, ...texts: string[]) {
  const own = openInbox(thisMachine(), path.join(home, 'inbox'), () => {})
  return putMessages(own, task, texts, from)
}

function inbox({ home }: { home: string }, task = 'job'): string[] {
  const kept = openInbox(thisMachine(), path.join(home, 'inbox'), () => {})
  return keptMessages(kept, task, ['new', 'taken', 'dead']).map(
    ({ place, tries, message }) => `${place} ${message?.text} ${tries}`,
  )
}

/** What the runs of a task printed, the oldest first. */
function outputs({ home }: { home: string }, task = 'job'): string[] {
  const folder = path.join(home, 'runs', task)
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder)
    .toSorted()
    .map((run) => fs.readFileSync(path.join(folder, run, 'output'), 'utf8'))
}

/** Waits for the output: on a busy machine it comes after the end of its run. */
async function expectOutputs(
  site: { home: string },
  expected: readonly string[],
  task = 'job',
): Promise<void> {
  const isThere = (): boolean => outputs(site, task).join() === expected.join()
  await until(isThere, 'the output', 5_000).catch(() => {})
  expect(outputs(site, task)).toEqual(expected)
}

/** A file that a command waits for. */
function newGate() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-gate-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'open')
  return {
    wait: `until [ -e ${file} ]; do sleep 0.01; done`,
    open: () => fs.writeFileSync(file, ''),
    folder,
  }
}

describe('a manual task with a queue', () => {
  test('a message starts a run at once, and what comes meanwhile goes to the next run together', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: manual, command: "${gate.wait}; cat; ls -l /proc/self/fd/0", input: queue}}`,
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'secret one')
    const [run] = daemon.state.runs.of('job')
    await send(daemon, 'job', 'two')
    await send(daemon, 'job', 'three', 'four')
    expect(inbox(site)).toEqual(['taken secret one 0', 'new two 0', 'new three 0', 'new four 0'])
    const record = fs.readFileSync(path.join(run?.directory ?? '', 'run.json'), 'utf8')
    expect(JSON.parse(record)).toMatchObject({ messages: [expect.stringMatching(/^\d{8}T/)] })
    expect(record).not.toContain('secret')
    gate.open()
    await until(() => outputs(site).filter((text) => text !== '').length === 2, 'the second run')
    await daemon.runs('job', 0)
    // Their ids are of the same millisecond.
    const [first, second] = outputs(site).toSorted()
    expect(first).toMatch(/^secret one\n.*input$/m)
    expect(second).toMatch(/^two\nthree\nfour\n/)
    expect(inbox(site)).toEqual([])
    expect(fs.existsSync(path.join(run?.directory ?? '', 'input'))).toBe(false)
    expect(daemon.rows().map(({ trigger, outcome }) => [trigger, outcome])).toEqual([
      ['message', 'ok'],
      ['message', 'ok'],
    ])
    expect(JSON.stringify(daemon.lines)).not.toContain('secret')
  })

  test('messages start at most max runs', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: manual, max: 2, command: "${gate.wait}; cat", input: queue}}`,
    )
    const daemon = await site.daemon()
    for (const text of ['one', 'two', 'three', 'four']) await send(daemon, 'job', text)
    expect(daemon.running('job')).toHaveLength(2)
    gate.open()
    await until(() => outputs(site).filter((text) => text !== '').length === 3, 'the third run')
    await daemon.runs('job', 0)
    expect(outputs(site).toSorted()).toEqual(['one\n', 'three\nfour\n', 'two\n'])
  })

  test('a message whose runs fail gets as many attempts as retry says, and is dead then', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: "cat; exit 1", input: {mode: queue, format: json}, retry: {attempts: 2, delay: 10s}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'poison')
    await daemon.runs('job', 0)
    site.clock.advance(9_000)
    expect(daemon.running('job')).toEqual([])
    for (let attempt = 2; attempt <= 3; attempt++) {
      site.clock.advance(20_000)
      await daemon.runs('job', 0)
    }
    site.clock.advance(600_000)
    expect(daemon.rows().map(({ trigger, attempt }) => [trigger, attempt])).toEqual([
      ['message', 1],
      ['retry', 2],
      ['retry', 3],
    ])
    await until(() => outputs(site).every((text) => text !== ''), 'the outputs')
    const tries = outputs(site).map((text) => (JSON.parse(text) as { tries?: number }).tries)
    expect(tries).toEqual([undefined, 2, 3])
    expect(inbox(site)).toEqual(['dead poison 3'])
    expect(daemon.lines.filter(({ event }) => event === 'dead')).toHaveLength(1)
    await daemon.ask('inbox', { task: 'job', action: 'again', which: 'all', dead: false })
    await daemon.runs('job', 0)
    expect(daemon.rows()).toHaveLength(4)
  })

  test('a run whose messages are all dead is not retried', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: "cat; kill -9 0", input: queue, retry: {attempts: 1, delay: 1m}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.polledEnd('job')
    await until(() => {
      site.clock.advance(1000)
      return daemon.rows().length === 2 && daemon.running('job').length === 0
    }, 'the second run')
    site.clock.advance(600_000)
    expect(daemon.rows().map(({ trigger, attempt }) => [trigger, attempt])).toEqual([
      ['message', 1],
      ['message', 1],
    ])
    expect(inbox(site)).toEqual(['dead one 2'])
  })

  test('new messages do not wait for the retry of others', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: "! grep bad", input: queue, retry: {attempts: 1, delay: 1m}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'bad')
    await daemon.runs('job', 0)
    await send(daemon, 'job', 'good')
    await daemon.runs('job', 0)
    expect(inbox(site)).toEqual(['taken bad 0'])
    expect(daemon.history()).toEqual(['job failed', 'job ok'])
    site.clock.advance(60_000)
    await daemon.runs('job', 0)
    expect(inbox(site)).toEqual(['dead bad 2'])
  })

  test('after a failure that retry.on does not name, messages are dead at once', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: "cat; exit 3", input: queue, retry: {attempts: 5, on: [75]}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.runs('job', 0)
    site.clock.advance(600_000)
    expect(daemon.history()).toEqual(['job failed'])
    expect(inbox(site)).toEqual(['dead one 1'])
  })

  test('a run that torch kill ends is not started again, and its messages are dead', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: exec sleep 60, input: queue, retry: {attempts: 5}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.begun('job')
    await daemon.ask('kill', { target: 'job', signal: null })
    await daemon.runs('job', 0)
    site.clock.advance(600_000)
    expect(daemon.rows()).toHaveLength(1)
    expect(inbox(site)).toEqual(['dead one 1'])
    expect(daemon.lines.map(({ words }) => words)).toContain(
      '1 message of job is dead: the run was killed, see torch inbox job --dead',
    )
  })

  test('a run by hand gets what waits', async () => {
    const site = newSite('tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}')
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    expect(daemon.running('job')).toEqual([])
    await daemon.ask('run', { task: 'job', force: false })
    await daemon.runs('job', 0)
    await expectOutputs(site, ['one\n'])
    expect(inbox(site)).toEqual([])
  })

  test('what waits for a task that is not enabled starts it when it is enabled', async () => {
    const yaml = 'tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}'
    const site = newSite(yaml)
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.edit(yaml.replace('false', 'true'))
    await daemon.runs('job', 0)
    await expectOutputs(site, ['one\n'])
  })

  test('the daemon removes what a killed sender left half written, but not what is being written', async () => {
    const site = newSite('tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}')
    await leave(site, 'job', 'one')
    const tmp = path.join(site.home, 'inbox/job/tmp')
    const old = new Date(site.clock.now() - 2 * 3600 * 1000)
    for (const name of ['20260310T100000.000-0000abcdef', '20260310T120000.000-0000abcdef'])
      fs.writeFileSync(path.join(tmp, name), 'half')
    fs.utimesSync(path.join(tmp, '20260310T100000.000-0000abcdef'), old, old)
    const daemon = await site.daemon()
    daemon.seconds(60)
    expect(fs.readdirSync(tmp)).toEqual(['20260310T120000.000-0000abcdef'])
    expect(inbox(site)).toEqual(['new one 0'])
  })

  test('a daemon with more than 100 queues finds what came without it in each of them', async () => {
    const names = Array.from({ length: 250 }, (_, at) => `job${at}`)
    const site = newSite(
      `defaults: {type: manual, input: queue}\ntasks: {${names.map((name) => `${name}: {command: cat}`).join(', ')}}`,
    )
    const daemon = await site.daemon()
    const chosen = ['job0', 'job99', 'job100', 'job249']
    for (const name of chosen) await leave(site, name, 'one')
    daemon.seconds(3)
    for (const name of chosen) await daemon.runs(name, 0)
    for (const name of chosen) await expectOutputs(site, ['one\n'], name)
  })

  test('messages that came without a daemon are there when it starts, or seen a moment later', async () => {
    const site = newSite('tasks: {job: {type: manual, command: cat, input: queue}}')
    await leave(site, 'job', 'before')
    const daemon = await site.daemon()
    await daemon.runs('job', 0)
    await leave(site, 'job', 'meanwhile')
    daemon.seconds(2)
    await daemon.runs('job', 0)
    await expectOutputs(site, ['before\n', 'meanwhile\n'])
  })

  test('a task that takes no messages, or not here, refuses them', async () => {
    const site = newSite(
      'tasks: {other: {type: manual, command: cat}, far: {type: manual, command: cat, input: queue, hosts: [10.9.9.9]}}',
    )
    const daemon = await site.daemon()
    await expect(send(daemon, 'other', 'x')).rejects.toMatchObject({ code: 'no-queue' })
    await expect(send(daemon, 'far', 'x')).rejects.toMatchObject({ code: 'no-queue', exit: 1 })
    expect(fs.existsSync(path.join(site.home, 'inbox/far'))).toBe(false)
  })

  test('a start that fails before it takes anything is not repeated without a pause', async () => {
    const machine = thisMachine()
    const noSpace = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
    let isFull = false
    const files = {
      ...machine.files,
      write(file: string, text: string, mode?: number) {
        if (isFull && file.endsWith('/input')) throw noSpace
        machine.files.write(file, text, mode)
      },
    }
    const site = newSite('tasks: {job: {type: manual, command: cat, input: queue}}')
    const daemon = await site.daemon({ files })
    isFull = true
    await send(daemon, 'job', 'one')
    await daemon.runs('job', 0)
    expect(inbox(site)).toEqual(['new one 0'])
    for (let count = 0; count < 8; count++) {
      daemon.seconds(1)
      await daemon.runs('job', 0)
    }
    expect(daemon.rows().length).toBeLessThanOrEqual(4)
    expect(daemon.history()[0]).toMatch(/job spawn-failed ENOSPC/)
    isFull = false
    daemon.seconds(10)
    await daemon.runs('job', 0)
    await until(() => outputs(site).at(-1) === 'one\n', 'the output')
    expect(inbox(site)).toEqual([])
  })
})

describe('a common task with a queue', () => {
  test('its slots get what has come since, also with nothing', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "*/5 * * * * *", command: "echo begin; cat", input: queue}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one', 'two')
    expect(daemon.running('job')).toEqual([])
    daemon.seconds(5)
    await daemon.runs('job', 0)
    daemon.seconds(5)
    await daemon.runs('job', 0)
    await expectOutputs(site, ['begin\none\ntwo\n', 'begin\n'])
    expect(inbox(site)).toEqual([])
  })

  test('a retry gets only the messages of its run, and the next slot the others', async () => {
    const site = newSite(
      'tasks: {job: {schedule: "0 * * * * *", command: "cat; exit 1", input: queue, retry: {attempts: 1, delay: 10s}}}',
    )
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    site.clock.advance(60_000)
    await daemon.runs('job', 0)
    await send(daemon, 'job', 'two')
    site.clock.advance(20_000)
    await daemon.runs('job', 0)
    site.clock.advance(60_000)
    await daemon.runs('job', 0)
    await expectOutputs(site, ['one\n', 'one\n', 'two\n'])
    expect(inbox(site)).toEqual(['dead one 2', 'taken two 0'])
  })
})

describe('a daemon task with a queue', () => {
  /** Answers every line that it reads, and waits for a file before the line `wait`. */
  const reader = ({ wait }: { wait: string }) =>
    `while read -r line; do case $line in wait*) ${wait} ;; esac; echo "got $line"; done`

  const given = ({ state }: { state: Daemon }) => [...state.messages.feeding.feeds.values()]

  test('a run reads messages in their order while it lives, and each is removed once it is read', async () => {
    const site = newSite(
      `tasks: {job: {type: daemon, command: '${reader(newGate())}', input: queue}}`,
    )
    await leave(site, 'job', 'before')
    const daemon = await site.daemon()
    await daemon.begun('job')
    await send(daemon, 'job', ...Array.from({ length: 300 }, (_, at) => `message ${at}`))
    const lines = () => (outputs(site)[0] ?? '').trimEnd().split('\n')
    await until(() => {
      site.clock.advance(20)
      return lines().length === 301 && inbox(site).length === 0
    }, 'all messages')
    expect(lines()).toEqual([
      'got before',
      ...Array.from({ length: 300 }, (_, at) => `got message ${at}`),
    ])
    site.clock.advance(10_000)
    expect(given(daemon).map((feed) => feed.given)).toEqual([[]])
  })

  test('what a run has not read goes to the next one, in order, and nothing else', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: daemon, command: '${reader(gate)}', input: queue, restart: {delay: 1s}}}`,
    )
    const daemon = await site.daemon()
    await daemon.begun('job')
    await send(daemon, 'job', 'one', 'wait', 'three', 'four')
    await until(() => {
      site.clock.advance(20)
      return outputs(site)[0] === 'got one\n' && inbox(site).length === 2
    }, 'the second message to be read')
    await daemon.ask('kill', { target: 'job', signal: null })
    await until(() => {
      site.clock.advance(20)
      return inbox(site).every((each) => each.startsWith('new'))
    }, 'the end of the run')
    expect(inbox(site)).toEqual(['new three 0', 'new four 0'])
    await until(() => {
      site.clock.advance(20)
      return (outputs(site)[1] ?? '') === 'got three\ngot four\n'
    }, 'the next run')
  })

  test('a run that has read everything leaves nothing behind when it ends', async () => {
    const site = newSite(
      `tasks: {job: {type: daemon, command: '${reader(newGate())}', input: queue, restart: {delay: 1h}}}`,
    )
    const taken = path.join(site.home, 'inbox/job/taken')
    // As the first version left it.
    fs.mkdirSync(path.join(taken, '20260310T115959.000-abcdef'), { recursive: true, mode: 0o700 })
    const daemon = await site.daemon()
    await daemon.begun('job')
    await send(daemon, 'job', 'one')
    await until(() => {
      site.clock.advance(20)
      return outputs(site)[0] === 'got one\n' && inbox(site).length === 0
    }, 'the message to be read')
    await daemon.ask('kill', { target: 'job', signal: null })
    await daemon.runs('job', 0)
    daemon.seconds(3)
    expect(fs.readdirSync(taken)).toEqual([])
    expect(daemon.lines.filter(({ event }) => event === 'return')).toEqual([])
  })

  test('a run that was killed with its recorder gives back what it may not have read', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: daemon, command: '${reader(gate)}', input: {mode: queue, format: json}, restart: {delay: 1h}}}`,
    )
    const daemon = await site.daemon()
    await daemon.begun('job')
    await send(daemon, 'job', 'one')
    await until(() => {
      site.clock.advance(20)
      return inbox(site).length === 0
    }, 'the first message to be read')
    const [run] = daemon.state.runs.of('job')
    process.kill(-(run?.recorder?.pid ?? 0), 'SIGSTOP')
    await send(daemon, 'job', 'two', 'three')
    await until(() => inbox(site).every((each) => each.startsWith('taken')), 'both to be given')
    process.kill(-(run?.recorder?.pid ?? 0), 'SIGKILL')
    await daemon.polledEnd('job')
    expect(inbox(site)).toEqual(['new two 1', 'new three 1'])
  })

  test('several runs compete: a busy one does not keep messages from the others', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: daemon, max: 2, command: '${reader(gate)}', input: queue}}`,
    )
    const daemon = await site.daemon()
    await daemon.begun('job')
    await send(daemon, 'job', 'wait 1')
    const long = 'x'.repeat(1000)
    await until(() => {
      site.clock.advance(20)
      return inbox(site).length === 0
    }, 'the first message to be read')
    await send(daemon, 'job', ...Array.from({ length: 50 }, (_, at) => `${at} ${long}`))
    await until(() => {
      site.clock.advance(20)
      return outputs(site).join('').split('\n').length > 44
    }, 'the free run to read what the busy one did not get')
    gate.open()
    await until(() => {
      site.clock.advance(20)
      return outputs(site).join('').split('\n').length === 52
    }, 'the rest')
    const numbers = outputs(site)
      .flatMap((text) => text.split('\n'))
      .flatMap((line) => /^got (\d+) x/.exec(line)?.[1] ?? [])
    expect(numbers.map(Number).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, at) => at),
    )
  })

  test('a message that is longer than the pipe goes through whole, and the next daemon continues it', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks: {job: {type: daemon, command: '${gate.wait}; exec cat', input: {mode: queue, format: json}}}`,
    )
    const first = await site.daemon()
    await first.begun('job')
    const text = '\u0001'.repeat(60_000)
    await send(first, 'job', text, 'after')
    await until(() => {
      site.clock.advance(20)
      return given(first)[0]?.current !== undefined
    }, 'the pipe to be full')
    const next = await site.daemon()
    gate.open()
    await until(() => {
      site.clock.advance(20)
      return inbox(site).length === 0
    }, 'all to be read')
    expect(next.running('job')).toHaveLength(1)
    await until(() => (outputs(site)[0] ?? '').split('\n').length === 3, 'all of the output')
    const [long, short] = (outputs(site)[0] ?? '').split('\n')
    expect((JSON.parse(long ?? '') as { text: string }).text).toBe(text)
    expect(JSON.parse(short ?? '')).toMatchObject({ from, text: 'after' })
  })
})

describe('after the end of a daemon', () => {
  test('what was taken for a run that never began waits again', async () => {
    const site = newSite('tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}')
    await leave(site, 'job', 'one', 'two')
    const folder = path.join(site.home, 'inbox/job')
    const [first = ''] = fs.readdirSync(path.join(folder, 'new'))
    const run = path.join(folder, 'taken/20260310T115959.000-abcdef')
    fs.mkdirSync(run, { recursive: true })
    fs.renameSync(path.join(folder, 'new', first), path.join(run, first))
    await site.daemon()
    expect(inbox(site)).toEqual(['new one 0', 'new two 0'])
  })

  test('a run that goes on keeps its messages, and its end decides about them', async () => {
    const gate = newGate()
    const site = newSite(`tasks: {job: {type: manual, command: "${gate.wait}; cat", input: queue}}`)
    const first = await site.daemon()
    await send(first, 'job', 'one')
    await first.begun('job')
    const next = await site.daemon()
    next.seconds(3)
    expect([next.running('job').length, inbox(site)]).toEqual([1, ['taken one 0']])
    gate.open()
    await next.polledEnd('job')
    await expectOutputs(site, ['one\n'])
    expect(inbox(site)).toEqual([])
  })

  test('a run that ended meanwhile is settled: an ok one is never given twice, a failed one is retried', async () => {
    const gate = newGate()
    const site = newSite(
      `tasks:
  good: {type: manual, command: "${gate.wait}; cat", input: queue}
  bad: {type: manual, command: "${gate.wait}; cat; exit 1", input: queue, retry: {attempts: 1, delay: 1s}}`,
      // The end of a run that nobody saw has the time of a real file.
      { at: new Date().toISOString() },
    )
    const first = await site.daemon()
    await send(first, 'good', 'one')
    await send(first, 'bad', 'two')
    await Promise.all([first.begun('good'), first.begun('bad')])
    first.kill()
    gate.open()
    const exits = [...first.state.runs.of('good'), ...first.state.runs.of('bad')]
    await until(
      () =>
        exits.every((run) => /\d/.test(fs.readFileSync(path.join(run.directory, 'exit'), 'utf8'))),
      'both ends',
    )
    const next = await site.daemon()
    expect(inbox(site, 'good')).toEqual([])
    expect(inbox(site, 'bad')).toEqual(['taken two 0'])
    next.seconds(2)
    await next.runs('bad', 0)
    await expectOutputs(site, ['one\n'], 'good')
    await expectOutputs(site, ['two\n', 'two\n'], 'bad')
    expect(inbox(site, 'bad')).toEqual(['dead two 2'])
  })

  test('the messages of a retry that is pending stay for it', async () => {
    const site = newSite(
      'tasks: {job: {type: manual, command: "cat; exit 1", input: queue, retry: {attempts: 1, delay: 1m}}}',
    )
    const first = await site.daemon()
    await send(first, 'job', 'one')
    await first.runs('job', 0)
    site.clock.advance(20)
    const next = await site.daemon()
    expect(inbox(site)).toEqual(['taken one 0'])
    site.clock.advance(60_000)
    await next.runs('job', 0)
    await expectOutputs(site, ['one\n', 'one\n'])
    expect(inbox(site)).toEqual(['dead one 2'])
  })

  test('a stop leaves the messages of a run that it ends waiting', async () => {
    const site = newSite('tasks: {job: {type: manual, command: exec sleep 60, input: queue}}')
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.begun('job')
    void daemon.stop(0)
    await until(() => {
      site.clock.advance(20)
      return daemon.running('job').length === 0
    }, 'the stop')
    expect(inbox(site)).toEqual(['new one 1'])
  })
})

describe('the messages of a task that is gone from the file', () => {
  test('they stay for 7 days, and come back with the task', async () => {
    const yaml = 'tasks: {job: {type: manual, command: cat, input: queue, enabled: false}}'
    const site = newSite(yaml)
    const daemon = await site.daemon()
    await send(daemon, 'job', 'one')
    await daemon.edit('tasks: {other: {schedule: "@daily", command: "true"}}')
    daemon.seconds(120)
    expect(inbox(site)).toEqual(['new one 0'])
    await daemon.edit(yaml)
    daemon.seconds(60)
    expect(fs.existsSync(path.join(site.home, 'inbox/job/gone'))).toBe(false)
    await daemon.edit('tasks: {other: {schedule: "@daily", command: "true"}}')
    daemon.seconds(60)
    const old = new Date(site.clock.now() - 8 * 24 * 3600 * 1000)
    fs.utimesSync(path.join(site.home, 'inbox/job/gone'), old, old)
    daemon.seconds(60)
    expect(fs.existsSync(path.join(site.home, 'inbox/job'))).toBe(false)
  })
})
