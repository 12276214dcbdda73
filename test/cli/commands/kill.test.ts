import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { endedHints } from '../../../src/cli/commands/kill.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

const rare = 'schedule: "0 0 1 1 *"'
const trapping = "echo begin; trap 'echo got INT; exit 7' INT; while :; do sleep 0.1; done"
const sleeping = 'echo begin; exec sleep 600'
const tasks = `
tasks:
  good: { ${rare}, command: "true" }
  bad: { ${rare}, command: "exit 42" }
${['ended', 'sent-INT', 'sent-SIGINT', 'sent-int', 'sent-2'].map((name) => `  ${name}: { ${rare}, command: "${trapping}" }`).join('\n')}
${['full', 'one', 'many-a', 'many-b', 'pair-1', 'pair-2'].map((name) => `  ${name}: { ${rare}, command: "${sleeping}" }`).join('\n')}
`
let served: Site
beforeAll(async () => {
  served = newSite(tasks)
  await served.torch('start')
})
afterAll(closeSites)
// Tests run concurrently; each has its own tasks.
vi.setConfig({ testTimeout: 120_000 })

interface Row {
  run: string
  outcome: string
  reason: string | null
}

async function lastRow(site: Site, task: string): Promise<Row | undefined> {
  const { stdout } = await site.torch('history', task, '--json', '-n', '1')
  return (JSON.parse(stdout) as Row[])[0]
}

test('whoever kills a run that restart.on does not start again gets a hint, once for its task', () => {
  const ended = { task: 'web', staysEnded: true }
  const runs = [
    { run: 'a', ...ended },
    { run: 'b', ...ended },
    { run: 'c', task: 'other' },
  ]
  expect(endedHints(runs)).toEqual([
    'hint: restart.on of web does not start it again; torch resume web does',
  ])
})

describe.concurrent('torch kill', () => {
  test('torch kill TASK ends all runs of the task', async () => {
    const run = served.spawn(['run', 'ended'])
    await until(() => run.stdout() === 'begin\n', 'its beginning')
    const { status, stdout } = await served.torch('kill', 'ended', '--json')
    const { runs } = JSON.parse(stdout) as { runs: { run: string; task: string }[] }
    expect([status, runs.map((each) => each.task)]).toEqual([0, ['ended']])
    expect((await run.ended).status).toBe(143)
    expect(await lastRow(served, 'ended')).toMatchObject({
      outcome: 'killed',
      reason: 'kill',
      run: runs[0]?.run,
    })
  })

  test.each(['INT', 'SIGINT', 'int', '2'])(
    'torch kill --signal %s sends only this signal',
    async (signal) => {
      const run = served.spawn(['run', `sent-${signal}`])
      await until(() => run.stdout() === 'begin\n', 'its beginning')
      const { stdout } = await served.torch('kill', `sent-${signal}`, '--signal', signal)
      expect(stdout).toMatch(/^sent SIGINT to sent-\w+ 20\S+\n$/)
      expect((await run.ended).status).toBe(7)
    },
  )

  test('torch kill RUN ends one run', async () => {
    const { stdout } = await served.torch('run', 'one', '--detach', '--json')
    const { run } = JSON.parse(stdout) as { run: string }
    expect(await served.torch('kill', run)).toMatchObject({
      status: 0,
      stdout: `ending one ${run}\n`,
    })
  })

  test('torch kill ends runs of several tasks, by name and by pattern, and exits with 1 if one is not running', async () => {
    for (const task of ['many-a', 'many-b']) await served.torch('run', task, '--detach')
    const { status, stdout, stderr } = await served.torch('kill', 'many-?', 'good', 'many-a')
    expect(stdout.split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'ending many-a',
      'ending many-b',
      '',
    ])
    expect([status, stderr]).toEqual([
      1,
      'torch: good is not running\nhint: torch status shows what is running\n',
    ])
  })

  test('torch kill takes the beginning of a run id, if only one run begins with it', async () => {
    const started = async (task: string) => {
      const { stdout } = await served.torch('run', task, '--detach', '--json')
      return (JSON.parse(stdout) as { run: string }).run
    }
    const [first, second] = [await started('pair-1'), await started('pair-2')]
    const { status, stderr } = await served.torch('kill', first.slice(0, 9))
    expect([status, stderr]).toEqual([2, expect.stringMatching(/ runs begin with "\d{8}T": .*\n/)])
    expect(await served.torch('kill', first.slice(0, -1), second)).toMatchObject({
      status: 0,
      stdout: `ending pair-1 ${first}\nending pair-2 ${second}\n`,
    })
  })

  test('torch kill with one unknown task ends no run', async () => {
    await served.torch('run', 'full', '--detach', '--force')
    expect(await served.torch('kill', 'full', 'ful')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: 'torch: there is no task "ful"\nhint: did you mean "full"?\n',
    })
    expect((await served.torch('kill', 'full', 'x*')).stderr).toMatch(
      /^torch: no task matches "x\*"\n/,
    )
    expect((await served.torch('kill', 'full')).status).toBe(0)
  })

  test.each([
    [['good'], 1, 'torch: good is not running\nhint: torch status shows what is running\n'],
    [
      ['goo*', 'ba?'],
      1,
      'torch: goo*, ba? are not running\nhint: torch status shows what is running\n',
    ],
    [
      ['held', '--signal', 'FOO'],
      2,
      expect.stringMatching(
        /^torch: --signal: unknown signal "FOO"\nhint: use one of HUP INT QUIT .*TERM.* SYS\n$/,
      ),
    ],
  ])('torch kill %j exits with %d and a message', async (words, status, stderr) => {
    expect(await served.torch('kill', ...words)).toMatchObject({ status, stdout: '', stderr })
  })
})
