import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newSite } from '../../support/daemon-here.ts'
import { until } from '../../support/until.ts'

type Running = Awaited<ReturnType<ReturnType<typeof newSite>['daemon']>>

const crashing = (limit: string, more = '') =>
  `tasks: {server: {type: daemon, command: exit 3, ${more} restart: {delay: 1s, max_delay: 1s, ${limit}}}}`

/** Moves on second by second, and waits for the end of each run. */
async function crash(daemon: Running, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await daemon.runs('server', 0)
    daemon.seconds(1)
  }
  await daemon.runs('server', 0)
}

async function statusOf(daemon: Running) {
  const { tasks, trouble } = await daemon.ask('status', {})
  return { ...tasks[0], trouble: trouble?.map(({ message }) => message) }
}

describe('restart.limit', () => {
  test('after too many starts the place is given up, and the status says so', async () => {
    const daemon = await newSite(crashing('limit: {starts: 3, within: 1m}')).daemon()
    await crash(daemon, 6)
    expect(daemon.history()).toEqual(['server failed', 'server failed', 'server failed'])
    expect(await statusOf(daemon)).toMatchObject({
      ...{ nextRestart: null, closed: { ended: 0, givenUp: 1 } },
      trouble: ['server: given up after 3 starts within 1m; torch resume server starts it again'],
    })
    expect(daemon.lines.filter(({ event }) => event === 'gave-up')).toHaveLength(1)
    const { series } = await daemon.ask('metrics', {})
    expect(series).toMatchObject([{ task: 'server', failures: 3, givenUp: 1 }])
  })

  test('starts that are far enough apart are no trouble', async () => {
    const daemon = await newSite(crashing('limit: {starts: 3, within: 2s}')).daemon()
    await crash(daemon, 6)
    expect(daemon.rows().length).toBeGreaterThan(5)
    expect(await statusOf(daemon)).not.toHaveProperty('closed')
  })

  test('it stays given up after a kill of the daemon, until torch resume', async () => {
    const site = newSite(crashing('limit: {starts: 2, within: 1m}'))
    const first = await site.daemon()
    await crash(first, 3)
    first.kill()
    const second = await site.daemon()
    await crash(second, 3)
    expect(second.rows()).toHaveLength(2)
    expect(await second.ask('resume', { tasks: ['server'], by: 'alice' })).toMatchObject({
      tasks: ['server'],
    })
    await crash(second, 3)
    expect(second.rows()).toHaveLength(4)
    expect(second.lines.map(({ words }) => words)).toContain('alice resumed server')
  })

  test('the starts before a kill of the daemon count too', async () => {
    const site = newSite(crashing('limit: {starts: 3, within: 1m}'))
    const first = await site.daemon()
    await crash(first, 1)
    site.clock.advance(500)
    first.kill()
    const second = await site.daemon()
    await crash(second, 5)
    expect(second.rows()).toHaveLength(3)
  })

  test('a new definition starts it again, and the file has nothing left', async () => {
    const site = newSite(crashing('limit: {starts: 2, within: 1m}'))
    const daemon = await site.daemon()
    await crash(daemon, 3)
    expect(fs.existsSync(`${site.home}/closed-places.json`)).toBe(true)
    await daemon.edit(crashing('limit: {starts: 2, within: 1m}', 'nice: 1,'))
    await crash(daemon, 1)
    expect(daemon.rows()).toHaveLength(4)
    await daemon.edit('tasks: {}')
    expect(fs.existsSync(`${site.home}/closed-places.json`)).toBe(false)
  })

  test('one place of several is given up, and the others go on', async () => {
    const command = 'mkdir taken || exit 3; exec sleep 60'
    const site = newSite(
      `tasks: {server: {type: daemon, max: 2, cwd: ".", command: "${command}", restart: {limit: {starts: 1, within: 1m}}}}`,
    )
    const daemon = await site.daemon()
    await daemon.runs('server', 1)
    daemon.seconds(5)
    expect(daemon.running('server')).toHaveLength(1)
    expect(await statusOf(daemon)).toMatchObject({ closed: { givenUp: 1 } })
  })

  test('messages about it have the word gave-up', async () => {
    const site = newSite(
      `notify: {ops: {command: [cat]}}\n${crashing('limit: {starts: 1, within: 1m}', 'notify: ops,')}`,
    )
    const daemon = await site.daemon({ startHelper: () => ({ send() {}, end: async () => {} }) })
    await crash(daemon, 2)
    const kinds = daemon.lines.filter(({ event }) => event === 'notify').map(({ words }) => words)
    expect(kinds).toEqual([
      'server: failed; a message for ops',
      'server: gave-up; a message for ops',
    ])
  })
})

describe('restart.on', () => {
  const once = (on: string, code: number) =>
    `tasks: {server: {type: daemon, command: exit ${code}, restart: {on: ${on}}}}`

  test.each([
    ['never', 3, 1],
    ['never', 0, 1],
    ['failure', 0, 1],
    ['failure', 3, 2],
    ['always', 0, 2],
  ] as const)('with on: %s, after exit code %s there are %s runs', async (on, code, count) => {
    const daemon = await newSite(once(on, code)).daemon()
    await daemon.runs('server', 0)
    daemon.seconds(1)
    await daemon.runs('server', 0)
    expect(daemon.rows()).toHaveLength(count)
  })

  test('what has ended stays so after a kill of the daemon, and torch resume starts it', async () => {
    const site = newSite(once('never', 0))
    const first = await site.daemon()
    await first.runs('server', 0)
    expect(await statusOf(first)).toMatchObject({ closed: { ended: 1, givenUp: 0 }, trouble: [] })
    first.kill()
    const second = await site.daemon()
    second.seconds(2)
    expect(second.rows()).toHaveLength(1)
    await second.ask('resume', { tasks: ['server'] })
    await second.runs('server', 0)
    expect(second.rows()).toHaveLength(2)
  })

  test.each([
    ['failure', { staysEnded: true }, 0],
    ['never', { staysEnded: true }, 0],
    ['always', {}, 1],
  ] as const)(
    'with on: %s, torch kill says whether the next run starts',
    async (on, said, count) => {
      const yaml = `tasks: {server: {type: daemon, command: exec sleep 60, restart: {on: ${on}}}}`
      const daemon = await newSite(yaml).daemon()
      await daemon.begun('server')
      const [run] = daemon.running('server')
      const killed = await daemon.ask('kill', { target: 'server', signal: null })
      expect(killed).toEqual({ runs: [{ task: 'server', run, ...said }] })
      await daemon.runs('server', 0)
      daemon.seconds(1)
      expect(daemon.running('server')).toHaveLength(count)
    },
  )

  test('a run that a reload ends is replaced all the same', async () => {
    const yaml = 'tasks: {server: {type: daemon, command: exec sleep 60, restart: {on: never}}}'
    const daemon = await newSite(yaml).daemon()
    await daemon.begun('server')
    const [run = ''] = daemon.running('server')
    await daemon.edit(yaml.replace('60', '61'))
    await until(() => !['', run].includes(daemon.running('server')[0] ?? ''), 'the next run')
    expect(await statusOf(daemon)).not.toHaveProperty('closed')
  })
})
