import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../../src/host/host.ts'
import { scriptServer, sends } from '../../support/script-server.ts'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

type Site = ReturnType<typeof newSite>

/** A run of it lasts until go() is called with its name. */
const waits = (name: string, more = '', second = '1'): string =>
  `  ${name}: {schedule: "${second} * * * * *", cwd: ".", command: "until test -e ${name}.go; do sleep 0.05; done; rm ${name}.go", pool: db${more}}\n`
const queued = (name: string, second = '1', more = ''): string =>
  waits(name, `, overlap: queue${more}`, second)
const file = (...tasks: readonly string[]): string => `pools: {db: 1}\ntasks:\n${tasks.join('')}`

function go({ folder }: Site, name: string): void {
  fs.writeFileSync(`${folder}/${name}.go`, '')
}

describe('a pool', () => {
  test('lets as many runs start as its size, by name in one second, and skips the others', async () => {
    const site = newSite(file(waits('c'), waits('a'), waits('b')).replace('db: 1', 'db: 2'))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await until(() => daemon.history().length === 3, 'all three')
    expect(daemon.history()).toEqual(['a running', 'b running', 'c skipped pool'])
    const skip = daemon.lines.find(({ event }) => event === 'skip')
    expect(skip?.words).toMatch(
      /^c did not start: the pool db is full: [ab] \(\S+\), [ab] \(\S+\) are running$/,
    )
    expect(skip?.facts).toMatchObject({
      pool: 'db',
      runs: [...daemon.running('a'), ...daemon.running('b')],
    })
    expect(skip?.facts).not.toHaveProperty('more')
  })

  test('names three of the runs that fill it, in the log and to a person, and counts the others', async () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => waits(name))
    const site = newSite(file(...tasks).replace('db: 1', 'db: 5'))
    const daemon = await site.daemon()
    daemon.seconds(1)
    const named = ['a', 'b', 'c'].flatMap((name) => daemon.running(name))
    const [a, b, c] = named
    const full = `the pool db is full: a (${a}), b (${b}), c (${c}) and 2 more are running`
    const skip = daemon.lines.find(({ event }) => event === 'skip')
    expect(skip?.words).toBe(`f did not start: ${full}`)
    expect(skip?.facts).toMatchObject({ pool: 'db', runs: named, more: 2 })
    await expect(daemon.ask('run', { task: 'f', force: false })).rejects.toMatchObject({
      message: `f is not started: ${full}`,
      hint: 'wait until one of them ends, or add --force',
    })
  })

  test('reads once in a burst whether its runs have ended, for all the slots that it refuses', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `t${index + 10}`)
    const site = newSite(file(...names.map((name) => waits(name))).replace('db: 1', 'db: 2'))
    const { files } = thisMachine()
    let reads = 0
    const readText = (name: string): string | undefined => {
      if (path.basename(name) === 'exit') reads += 1
      return files.readText(name)
    }
    const daemon = await site.daemon({ files: { ...files, readText } })
    daemon.seconds(1)
    expect(daemon.history().filter((row) => row.endsWith('skipped pool'))).toHaveLength(10)
    expect(reads).toBe(2)
  })

  test('has no recorder prepared for a task that would find it full', async () => {
    const site = newSite(file(waits('a', '', '0/5'), waits('b', '', '0/5')))
    const daemon = await site.daemon()
    const prepared = async () => {
      site.clock.advance(30)
      await new Promise((resolve) => setImmediate(resolve))
      return [...daemon.state.runContext.recorders.waiting.keys()]
    }
    daemon.seconds(4)
    expect(await prepared()).toEqual(['a'])
    daemon.seconds(1)
    expect(daemon.history()).toEqual(['a running', 'b skipped pool'])
    daemon.seconds(4)
    expect(await prepared()).toEqual([])
  })

  test('starts what waits when a start that had a place for its script does not begin', async () => {
    const text = '#!/bin/sh\n'
    let answerNow = (): void => {}
    const server = await scriptServer((...asked) => {
      answerNow = () => sends(text)(...asked)
    })
    onTestFinished(() => server.close())
    const sha256 = createHash('sha256').update(text).digest('hex')
    const scripted = `  a: {schedule: "1 * * * * *", script: {url: "${server.url}/a", sha256: "${sha256}"}, pool: db}\n`
    const site = newSite(file(scripted, queued('b')))
    const daemon = await site.daemon()
    daemon.seconds(1)
    await until(() => server.requests.length > 0, 'the question for the script')
    expect(daemon.running('b')).toHaveLength(0)
    await daemon.ask('pause', { tasks: ['a'] })
    answerNow()
    await until(() => daemon.state.queue.held.size === 0, 'the end of the wait for the script')
    expect(daemon.running('b')).toHaveLength(1)
  })

  test('starts what waits by slot, then by name, one for each place that is free', async () => {
    const site = newSite(
      file(queued('first'), queued('z', '2'), queued('b', '3'), queued('a', '3')),
    )
    const daemon = await site.daemon()
    daemon.seconds(3)
    const order: string[] = ['first']
    const all = ['first', 'z', 'b', 'a']
    for (const next of ['z', 'a', 'b']) {
      go(site, order.at(-1) ?? '')
      await daemon.runs(next, 1)
      order.push(next)
      expect(all.filter((name) => daemon.running(name).length > 0)).toEqual([next])
    }
    expect(daemon.history().filter((row) => row.includes('skipped'))).toEqual([])
  })

  test('shows which start waits, for which pool, and for which runs', async () => {
    const site = newSite(file(queued('a'), queued('b')))
    const daemon = await site.daemon()
    daemon.seconds(1)
    const { tasks } = await daemon.ask('status', {})
    const [run] = daemon.running('a')
    expect(tasks.find(({ name }) => name === 'b')).toMatchObject({
      waiting: {
        slot: '2026-03-10T12:00:01Z',
        for: 'pool',
        pool: 'db',
        runs: [{ task: 'a', run }],
      },
      definition: { pools: [{ name: 'db', size: 1 }] },
    })
    expect(tasks.find(({ name }) => name === 'a')).not.toHaveProperty('waiting')
  })

  test('counts the runs of the previous daemon, and keeps what waited', async () => {
    const site = newSite(file(waits('a'), queued('b', '1'), waits('c', '', '3')))
    const first = await site.daemon()
    first.seconds(2)
    await first.begun('a')
    first.kill()
    const second = await site.daemon()
    expect(second.running('a')).toHaveLength(1)
    expect(second.running('b')).toHaveLength(0)
    second.seconds(1)
    expect(second.history()).toContain('c skipped pool')
    go(site, 'a')
    await second.runs('b', 1)
    expect(second.rows().find(({ task }) => task === 'b')?.slot).toBe('2026-03-10T12:00:01Z')
  })

  test('starts what waits when a reload makes it larger, and ends nothing when it gets smaller', async () => {
    const text = file(queued('a'), queued('b'), queued('c'))
    const site = newSite(text)
    const daemon = await site.daemon()
    daemon.seconds(1)
    const report = await daemon.edit(text.replace('db: 1', 'db: 3'))
    expect(report.changed).toEqual(['a', 'b', 'c'])
    expect([daemon.running('b').length, daemon.running('c').length]).toEqual([1, 1])
    await daemon.edit(text)
    daemon.seconds(60)
    expect(['a', 'b', 'c'].map((name) => daemon.running(name).length)).toEqual([1, 1, 1])
  })

  test('refuses a run by hand when it is full, names the runs, and allows it with --force', async () => {
    const site = newSite(
      file(waits('a'), waits('b', ', type: manual').replace(/schedule: "[^"]*", /, '')),
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    const [run = ''] = daemon.running('a')
    const ask = (force: boolean) => daemon.ask('run', { task: 'b', force })
    await expect(ask(false)).rejects.toMatchObject({
      message: `b is not started: the pool db is full: a (${run}) is running`,
      hint: 'wait until one of them ends, or add --force',
    })
    await ask(true)
    expect(daemon.running('b')).toHaveLength(1)
  })

  test('does not count a run once its task has left the pool', async () => {
    const text = file(waits('a'), queued('b'))
    const site = newSite(text)
    const daemon = await site.daemon()
    daemon.seconds(1)
    expect(daemon.running('b')).toHaveLength(0)
    await daemon.edit(text.replace('pool: db}', 'max: 1}'))
    expect(daemon.running('b')).toHaveLength(1)
  })

  test('with overlap: replace, a slot ends no run of another task and starts when that ends', async () => {
    const site = newSite(file(waits('a'), waits('b', ', overlap: replace', '2/2')))
    const daemon = await site.daemon()
    daemon.seconds(4)
    expect(daemon.running('a')).toHaveLength(1)
    go(site, 'a')
    await daemon.runs('b', 1)
    expect(
      daemon.rows().map(({ task, outcome, slot }) => [task, outcome, slot?.slice(17, 19)]),
    ).toEqual([
      ['a', 'ok', '01'],
      ['b', 'skipped', '02'],
      ['b', 'running', '04'],
    ])
  })

  test('a task in two pools waits until both have room, and takes none of them meanwhile', async () => {
    const site = newSite(
      'pools: {db: 1, io: 1}\ntasks:\n' +
        [
          waits('a'),
          queued('both', '1').replace('pool: db', 'pool: [db, io]'),
          waits('io', '', '2').replace('pool: db', 'pool: io'),
        ].join(''),
    )
    const daemon = await site.daemon()
    daemon.seconds(2)
    expect(daemon.running('io')).toHaveLength(1)
    go(site, 'a')
    await daemon.runs('a', 0)
    expect(daemon.running('both')).toHaveLength(0)
    go(site, 'io')
    await daemon.runs('both', 1)
  })

  test('messages start no run of a manual task while it is full, and one when it has room', async () => {
    const site = newSite(
      file(waits('a'), '  m: {type: manual, command: cat, input: queue, pool: db}\n'),
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.ask('message', {
      task: 'm',
      texts: ['hello'],
      from: { host: 'here', task: null, run: null },
    })
    daemon.seconds(5)
    expect(daemon.history()).toEqual(['a running'])
    go(site, 'a')
    await until(() => daemon.history().includes('m ok'), 'the run for the message')
  })
})
