import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { tasksJsonSchema } from '../../src/tasks/file/json-schema.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const good = 'tasks:\n  a: { schedule: "@daily", command: "true" }\n'
const bad = 'tasks:\n  a:\n    schedule: "@daily"\n    comand: "true"\n'

describe.concurrent('torch validate', () => {
  test('torch validate says that a good file is valid', async () => {
    expect(await newSite(good).torch('validate')).toMatchObject({
      status: 0,
      stdout: 'tasks.yaml is valid: 1 task\n',
      stderr: '',
    })
  })

  test('torch validate shows each problem of a bad file with its place', async () => {
    expect(await newSite(bad).torch('validate', 'tasks.yaml')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `tasks.yaml:4:5: tasks.a.comand: unknown key "comand"
    comand: "true"
    ^
hint: did you mean "command"?
torch: tasks.yaml is not valid (1 problem)
`,
    })
  })

  test('torch validate refuses a task that the fleet cannot share, and says what to write', async () => {
    const text =
      'tasks:\n  a:\n    scope: fleet\n    schedule: "@daily"\n    command: x\n    fence: 5s\n'
    const { status, stderr } = await newSite(text).torch('validate')
    expect([status, stderr]).toEqual([
      2,
      `tasks.yaml:2:3: tasks.a.timezone: a task with scope: fleet needs a time zone: machines in different zones would not agree on its slots
  a:
  ^
hint: write timezone: UTC, or another zone, in the file or in the task
tasks.yaml:6:5: tasks.a.fence: expected a duration of at least 15s, or "off"; got "5s"
    fence: 5s
    ^
hint: write 15s or more: the servers of the fleet may need some seconds to choose a new leader
torch: tasks.yaml is not valid (2 problems)
`,
    ])
  })

  test('torch validate --json prints the problems as JSON', async () => {
    const site = newSite(good)
    const file = site.write('bad.yaml', bad)
    const { status, stdout, stderr } = await site.torch('validate', file, '--json')
    expect([status, stderr]).toEqual([2, ''])
    const problem = {
      severity: 'error',
      file,
      line: 4,
      column: 5,
      path: 'tasks.a.comand',
      message: 'unknown key "comand"',
      hint: 'did you mean "command"?',
    }
    expect(stdout).toBe(`${JSON.stringify({ ok: false, problems: [problem] }, null, 2)}\n`)
    expect(JSON.parse((await site.torch('validate', '--json')).stdout)).toEqual({
      ok: true,
      problems: [],
    })
  })

  test('torch validate shows warnings and exits with 0', async () => {
    const site = newSite('tasks: {a: {schedule: "0 0 30 2 *", command: "true"}}')
    const { status, stderr } = await site.torch('validate')
    expect([status, stderr.split('\n')[0]]).toEqual([
      0,
      'tasks.yaml:1:13: warning: tasks.a.schedule: "0 0 30 2 *" never fires',
    ])
  })

  test('the commands that judge a file take it from the folder, the variable, then the daemon', async () => {
    const site = newSite(good)
    site.write('checkout/tasks.yaml', good.replace('a:', 'b:'))
    site.write('folder/tasks/all.yaml', good.replace('a:', 'c:'))
    site.write('other/tasks/main.txt', 'not a tasks file')
    site.write('checkout/variable.yaml', good.replace('a:', 'd:'))
    await site.torch('start')
    const shown = async (cwd: string, command: string, TORCH_TASKS?: string) => {
      const options = { cwd: path.join(site.folder, cwd), env: { TORCH_TASKS } }
      const { stdout } = await site.torchWith(options, ...command.split(' '))
      return stdout.split(/ is valid|\n/)[0]
    }
    const variable = path.join(site.folder, 'checkout/variable.yaml')
    expect(await shown('checkout', 'validate', variable)).toBe('tasks.yaml')
    expect(await shown('checkout', 'validate variable.yaml')).toBe('variable.yaml')
    expect(await shown('checkout', 'validate --tasks variable.yaml')).toBe('variable.yaml')
    expect(await shown('folder', 'validate', variable)).toBe('tasks')
    expect(await shown('other', 'validate', variable)).toBe(variable)
    expect(await shown('other', 'validate')).toBe(site.tasks)
    expect(await shown('checkout', 'plan')).toBe('file  tasks.yaml')
    expect(await shown('checkout', 'next b')).toBe('file  tasks.yaml')
    expect(await shown('other', 'next a')).toBe(`file  ${site.tasks}`)
    expect((await site.torch('stop')).status).toBe(0)
    // The last daemon's file.
    expect(await shown('other', 'validate')).toBe(site.tasks)
  })
})

test.concurrent('torch schema prints the JSON schema of the tasks file', async () => {
  const { status, stdout } = await newSite().torch('schema')
  expect([status, JSON.parse(stdout)]).toEqual([0, tasksJsonSchema()])
})

describe.concurrent('torch reload', () => {
  test('torch reload shows what changed, and the problems of a refused file', async () => {
    const site = newSite(good.replace('a:', 'gone:') + good.split('\n')[1]?.replace('a:', 'same:'))
    await site.torch('start')
    // Stops the daemon until the request arrives. Otherwise it could notice the change by itself first.
    const pid = site.pid() ?? 0
    process.kill(pid, 'SIGSTOP')
    const before = connectionsOf(site)
    site.write('tasks.yaml', `${good}  same: { schedule: "@hourly", command: "true" }\n`)
    const reload = site.spawn(['reload'])
    await until(() => connectionsOf(site) > before, 'the request of torch reload')
    process.kill(pid, 'SIGCONT')
    expect(await reload.ended).toMatchObject({
      status: 0,
      stdout: `${site.tasks}: 2 tasks\n  added a\n  changed same\n  removed gone\n`,
      stderr: '',
    })
    expect((await site.torch('reload')).stdout).toBe(`${site.tasks}: 2 tasks\n  nothing changed\n`)

    fs.writeFileSync(site.tasks, bad)
    expect(await site.torch('reload')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `${site.tasks}:4:5: tasks.a.comand: unknown key "comand"
    comand: "true"
    ^
hint: did you mean "command"?
torch: ${site.tasks} was refused
hint: fix the file; until then the daemon keeps using the last good file
`,
    })
    const { status, stdout } = await site.torch('reload', '--json')
    expect([status, JSON.parse(stdout)]).toMatchObject([
      2,
      { verdict: 'refused', tasks: 2, problems: [{ line: 4 }] },
    ])
    const problemsOf = async (...words: string[]) => {
      const said = JSON.parse((await site.torch(...words, '--json')).stdout) as {
        problems?: object[]
        file?: { problems: object[] }
      }
      return said.problems ?? said.file?.problems
    }
    const [problem] = (await problemsOf('validate', site.tasks)) ?? []
    expect(Object.keys(problem ?? {})).toEqual(
      'severity file line column path message hint'.split(' '),
    )
    expect(await problemsOf('reload')).toEqual([problem])
    expect(await problemsOf('status')).toEqual([problem])
    const shown = (await site.torch('status')).stdout
    expect(shown).toContain(', REFUSED\n')
    expect(shown).toContain('The daemon keeps using the last good file.\n')

    const log = () => fs.readFileSync(path.join(site.home, 'daemon.log'), 'utf8')
    site.write('tasks.yaml', good)
    const isLoad = (line: string): boolean =>
      line.includes('"event":"load"') && line.includes('"cause":"file"')
    await until(() => log().split('\n').some(isLoad), 'a load by the daemon itself')
    expect((await site.torch('reload')).stdout).toMatch(
      /: 1 task, already loaded at \d\d:\d\d:\d\d:\n {2}removed same\n$/,
    )
  })
})

describe.concurrent('--tasks with another file than the daemon uses', () => {
  const commands = ['status', 'reload', 'restart', 'stop', 'kill a', 'run a', 'run a --detach']
  test('--tasks with another file than the daemon uses is refused by commands that ask the daemon, and used by the others', async () => {
    const site = newSite(good)
    await site.torch('start')
    const pid = site.pid()
    const other = site.write('other.yaml', good.replace('a:', 'b:'))
    for (const command of commands) {
      const typed = [...command.split(' '), '--tasks', 'other.yaml']
      expect([command, await site.torch(...typed)]).toEqual([
        command,
        {
          status: 2,
          signal: null,
          stdout: '',
          stderr: `torch: the daemon of this home runs ${site.tasks}, not other.yaml
hint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start
`,
        },
      ])
    }
    expect(site.pid()).toBe(pid)
    expect((await site.torch('history', 'b', '--tasks', other)).status).toBe(0)
    expect((await site.torch('logs', 'b', '--tasks', other)).stderr).toMatch(
      /^torch: no runs of b /,
    )
    expect((await site.torch('history', 'b')).status).toBe(2)
    expect((await site.torch('validate', '--tasks', other)).stdout).toBe(
      `${other} is valid: 1 task\n`,
    )
    expect(await site.torch('reload', '--tasks', 'tasks.yaml')).toMatchObject({
      status: 0,
      stdout: `${site.tasks}: 1 task\n  nothing changed\n`,
    })
  })
})

function connectionsOf({ home }: Site): number {
  return fs.readFileSync('/proc/net/unix', 'utf8').split(`${home}/`).length
}
