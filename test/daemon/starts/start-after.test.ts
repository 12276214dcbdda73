import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

type Site = ReturnType<typeof newSite>

/** Runs once, at this second of the minute. It ends when go() says so, with that status. */
const first = (name: string, second = '1', more = ''): string =>
  `  ${name}: {schedule: "${second} * * * * *", cwd: ".", command: "until test -e ${name}.go; do sleep 0.02; done; read s < ${name}.go; rm ${name}.go; exit $s"${more}}\n`
const next = (after: string, command = 'echo $TORCH_AFTER_RUN', more = ''): string =>
  `  next: {after: ${after}, command: "${command}"${more}}\n`
const file = (...tasks: readonly string[]): string => `tasks:\n${tasks.join('')}`

/** In one step: it is read as soon as it is there. */
function go({ folder }: Site, name: string, status = 0): void {
  fs.writeFileSync(path.join(folder, `${name}.new`), `${status}\n`)
  fs.renameSync(path.join(folder, `${name}.new`), path.join(folder, `${name}.go`))
}

/** What the runs of `next` printed, in their order. */
function printed({ home }: Site): string[] {
  const folder = path.join(home, 'runs', 'next')
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder)
    .toSorted()
    .map((run) => fs.readFileSync(path.join(folder, run, 'output'), 'utf8').trim())
}

/** The collector of an output may write after the end of its run. */
const written = { timeout: 10_000 }

type Rows = () => { task: string; outcome: string; trigger: string | null; run: string | null }[]
const ends = (rows: Rows, task: string) =>
  rows()
    .filter((row) => row.task === task)
    .map(({ outcome, trigger }) => `${trigger} ${outcome}`)
const runsOf = (rows: Rows, task: string) =>
  rows().flatMap((row) => (row.task === task && row.run !== null ? [row.run] : []))

describe('a task that starts after another', () => {
  test('starts when that has ended ok, knows its run, and has the trigger after', async () => {
    const site = newSite(file(first('extract'), next('extract')))
    const daemon = await site.daemon()
    daemon.seconds(1)
    expect(daemon.running('next')).toEqual([])
    go(site, 'extract')
    await until(() => ends(daemon.rows, 'next').includes('after ok'), 'the end of next')
    await expect.poll(() => printed(site), written).toEqual(runsOf(daemon.rows, 'extract'))
    const row = daemon.rows().find(({ task }) => task === 'next')
    expect(row).toMatchObject({ slot: null, trigger: 'after', attempt: 1 })
    daemon.seconds(30)
    expect(ends(daemon.rows, 'next')).toEqual(['after ok'])
  })

  test.each([
    ['ok', 0, 1],
    ['ok', 3, 0],
    ['failed', 0, 0],
    ['failed', 3, 1],
    ['any', 0, 1],
    ['any', 3, 1],
  ])('with outcome: %s and the status %d it starts %d times', async (outcome, status, count) => {
    const site = newSite(file(first('extract'), next(`{tasks: extract, outcome: ${outcome}}`)))
    const daemon = await site.daemon()
    daemon.seconds(1)
    go(site, 'extract', status)
    await daemon.runs('extract', 0)
    await daemon.runs('next', 0)
    expect(runsOf(daemon.rows, 'next')).toHaveLength(count)
  })

  test('waits for the last attempt: a run that is retried is no end', async () => {
    const site = newSite(
      file(
        first('extract', '1', ', retry: {attempts: 1, delay: 5s}'),
        next('{tasks: extract, outcome: any}'),
      ),
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    go(site, 'extract', 1)
    await daemon.runs('extract', 0)
    expect(ends(daemon.rows, 'next')).toEqual([])
    daemon.seconds(6)
    go(site, 'extract', 1)
    await until(() => ends(daemon.rows, 'next').includes('after ok'), 'the end of next')
    await expect
      .poll(() => printed(site), written)
      .toEqual(runsOf(daemon.rows, 'extract').slice(-1))
  })

  test('counts the failed run as the end if its retry is skipped', async () => {
    const site = newSite(
      `pools: {db: 1}\n${file(
        first('extract', '1', ', pool: db, retry: {attempts: 1, delay: 5s}'),
        first('other', '2', ', pool: db'),
        next('{tasks: extract, outcome: failed}'),
      )}`,
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    go(site, 'extract', 1)
    await daemon.runs('extract', 0)
    daemon.seconds(6)
    await until(() => ends(daemon.rows, 'next').includes('after ok'), 'the end of next')
    expect(ends(daemon.rows, 'extract')).toEqual(['schedule failed', 'retry skipped'])
    await expect.poll(() => printed(site), written).toEqual(runsOf(daemon.rows, 'extract'))
    go(site, 'other')
  })

  test('starts after a run that a person started, too', async () => {
    const site = newSite(file(first('extract', '59'), next('extract')))
    const daemon = await site.daemon()
    await daemon.ask('run', { task: 'extract', force: false })
    go(site, 'extract')
    await until(() => ends(daemon.rows, 'next').includes('after ok'), 'the end of next')
  })

  test('is not started by a run that torch kill ended, unless any end counts', async () => {
    const site = newSite(
      file(
        first('extract'),
        next('{tasks: extract, outcome: failed}'),
        '  all: {after: {tasks: extract, outcome: any}, command: "true"}\n',
      ),
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    await daemon.begun('extract')
    await daemon.ask('kill', { target: 'extract', signal: null })
    await until(() => ends(daemon.rows, 'all').includes('after ok'), 'the end of all')
    expect(ends(daemon.rows, 'next')).toEqual([])
  })

  test('gets the same runs in its own retry', async () => {
    const command = 'echo $TORCH_AFTER_RUN; exit 1'
    const site = newSite(
      file(first('extract'), next('extract', command, ', retry: {attempts: 1, delay: 2s}')),
    )
    const daemon = await site.daemon()
    daemon.seconds(1)
    go(site, 'extract')
    await until(() => ends(daemon.rows, 'next').includes('after failed'), 'the first attempt')
    daemon.seconds(3)
    await until(() => ends(daemon.rows, 'next').includes('retry failed'), 'the retry')
    const [run] = runsOf(daemon.rows, 'extract')
    await expect.poll(() => printed(site), written).toEqual([run, run])
  })

  test('does at its max what overlap says', async () => {
    const site = newSite(file(first('extract', '*/2'), next('extract', 'exec sleep 60')))
    const daemon = await site.daemon()
    for (const count of [1, 2]) {
      daemon.seconds(2)
      go(site, 'extract')
      await daemon.runs('extract', 0)
      expect(ends(daemon.rows, 'next')).toHaveLength(count)
    }
    expect(ends(daemon.rows, 'next')).toEqual(['after running', 'after skipped'])
  })
})

describe('a task that starts after several', () => {
  test('starts when each of them has ended since it started last, with their runs in its order', async () => {
    const site = newSite(file(first('a', '1'), first('b', '2'), next('[b, a]')))
    const daemon = await site.daemon()
    daemon.seconds(2)
    go(site, 'a')
    await daemon.runs('a', 0)
    expect(ends(daemon.rows, 'next')).toEqual([])
    const { tasks } = await daemon.ask('status', { task: 'next' })
    expect(tasks).toMatchObject([
      { ended: ['a'], next: null, definition: { after: { tasks: ['b', 'a'], outcome: 'ok' } } },
    ])
    go(site, 'b')
    await until(() => ends(daemon.rows, 'next').includes('after ok'), 'the end of next')
    const [a] = runsOf(daemon.rows, 'a')
    const [b] = runsOf(daemon.rows, 'b')
    await expect.poll(() => printed(site), written).toEqual([`${b} ${a}`])
    // In the next minute again.
    daemon.seconds(60)
    go(site, 'b')
    await daemon.runs('b', 0)
    expect(runsOf(daemon.rows, 'next')).toHaveLength(1)
    go(site, 'a')
    await until(() => runsOf(daemon.rows, 'next').length === 2, 'its second run')
  })

  test('forgets what it has seen when a person starts it', async () => {
    const site = newSite(file(first('a', '1'), first('b', '2'), next('[a, b]', 'true')))
    const daemon = await site.daemon()
    daemon.seconds(2)
    go(site, 'a')
    await daemon.runs('a', 0)
    await daemon.ask('run', { task: 'next', force: false })
    await daemon.runs('next', 0)
    go(site, 'b')
    await daemon.runs('b', 0)
    expect(ends(daemon.rows, 'next')).toEqual(['manual ok'])
  })

  test('keeps what it has seen over a reload, unless its after changes', async () => {
    const text = file(first('a', '1'), first('b', '2'), first('c', '59'), next('[a, b]', 'true'))
    const site = newSite(text)
    const daemon = await site.daemon()
    daemon.seconds(2)
    go(site, 'a')
    await daemon.runs('a', 0)
    await daemon.edit(text.replace('command: "true"', 'command: "echo"'))
    expect(daemon.state.queue.afterEnds.of('next').size).toBe(1)
    await daemon.edit(text.replace('[a, b]', '[a, b, c]'))
    expect(daemon.state.queue.afterEnds.of('next').size).toBe(0)
    go(site, 'b')
  })
})

describe('a restart of the daemon', () => {
  test('loses no end that came before it, and none that came while no daemon ran', async () => {
    const site = newSite(file(first('a', '1'), first('b', '2'), next('[a, b]')))
    const before = await site.daemon()
    before.seconds(2)
    go(site, 'a')
    await before.runs('a', 0)
    await before.begun('b')
    before.state.history.flush()
    before.kill()
    const runs = path.join(site.home, 'runs', 'b')
    go(site, 'b')
    await until(() => {
      const [run = ''] = fs.readdirSync(runs)
      return fs.readFileSync(path.join(runs, run, 'exit'), 'utf8').trim() === '0'
    }, 'the end of b')
    const after = await site.daemon()
    await until(() => ends(after.rows, 'next').includes('after ok'), 'the end of next')
    await expect
      .poll(() => printed(site), written)
      .toEqual([`${runsOf(after.rows, 'a').join('')} ${runsOf(after.rows, 'b').join('')}`])
    after.kill()
    const third = await site.daemon()
    third.seconds(3)
    expect(ends(third.rows, 'next')).toEqual(['after ok'])
  })

  test('forgets what was seen if after was changed meanwhile', async () => {
    const any = '{ tasks: [a, b], outcome: any }'
    const site = newSite(file(first('a', '1'), first('b', '2'), next(any)))
    const before = await site.daemon()
    before.seconds(2)
    go(site, 'a', 1)
    await before.runs('a', 0)
    before.state.queue.saveNow()
    before.kill()
    fs.writeFileSync(site.tasks, file(first('a', '1'), first('b', '2'), next('[a, b]')))
    const after = await site.daemon()
    go(site, 'b')
    await after.runs('b', 0)
    after.seconds(2)
    expect(ends(after.rows, 'next')).toEqual([])
  })

  test('keeps what was seen although the clock was set back', async () => {
    const site = newSite(file(first('a', '1'), first('b', '2'), next('[a, b]')))
    const before = await site.daemon()
    before.seconds(2)
    const { run } = await before.ask('run', { task: 'next', force: false })
    await before.runs('next', 0)
    site.clock.set(Date.parse('2026-03-10T11:00:00.000Z'))
    go(site, 'a')
    await before.runs('a', 0)
    before.state.queue.saveNow()
    before.state.history.flush()
    before.kill()
    const after = await site.daemon()
    go(site, 'b')
    await until(() => ends(after.rows, 'next').includes('after ok'), 'the start after both')
    expect(runsOf(after.rows, 'next')).toContain(run)
  })

  test('starts nothing twice if the daemon dies before the history has the end', async () => {
    const site = newSite(file(first('extract'), next('extract', 'exec sleep 60')))
    const before = await site.daemon()
    before.seconds(1)
    go(site, 'extract')
    await before.runs('next', 1)
    await before.begun('next')
    // Neither the history nor pending.json was written.
    before.kill()
    expect(fs.readdirSync(path.join(site.home, 'active'))).toHaveLength(2)
    const after = await site.daemon()
    expect(after.running('next')).toHaveLength(1)
    after.seconds(3)
    expect(runsOf(after.rows, 'next')).toHaveLength(1)
    expect(ends(after.rows, 'next')).toEqual(['after running'])
  })

  test.each([
    ['before the history has the end', false],
    ['when the history has the end', true],
  ])('starts once what was prepared and never started, %s', async (_when, isInHistory) => {
    const site = newSite(file(first('extract'), next('extract', 'exec sleep 60')))
    const before = await site.daemon()
    before.seconds(1)
    go(site, 'extract')
    await before.runs('next', 1)
    await before.begun('next')
    if (isInHistory) before.state.history.flush()
    const [run = ''] = before.running('next')
    before.kill()
    const directory = path.join(site.home, 'runs/next', run)
    for (const name of fs.readdirSync(directory))
      if (name !== 'run.json') fs.rmSync(path.join(directory, name))
    // However long it takes.
    site.clock.advance(3_600_000)
    const after = await site.daemon()
    expect(after.running('next')).toHaveLength(1)
    expect(after.running('next')).not.toContain(run)
    after.seconds(3)
    expect(ends(after.rows, 'next')).toEqual(['after running'])
    const [live] = after.state.runs.of('next')
    expect(live?.description.after).toEqual(runsOf(after.rows, 'extract').slice(0, 1))
  })

  test('starts what a stop held back', async () => {
    const site = newSite(file(first('extract'), next('extract')))
    const before = await site.daemon()
    before.seconds(1)
    void before.stop(60_000)
    go(site, 'extract')
    await until(() => before.state.queue.afterEnds.of('next').size > 0, 'the end of extract')
    await until(() => {
      site.clock.advance(100)
      return !fs.existsSync(path.join(site.home, 'torch.pid'))
    }, 'the end of the daemon')
    await before.ended
    const after = await site.daemon()
    await until(() => ends(after.rows, 'next').includes('after ok'), 'the end of next')
    expect(ends(after.rows, 'next')).toEqual(['after ok'])
  })
})
