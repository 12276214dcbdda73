import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { argumentsOf } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { torchHere } from '../support/here.ts'
import { closeSites, newSite, root, type Site } from '../support/torch.ts'

vi.setConfig({ testTimeout: 120_000 })

const tasks = `tasks:
  backup: { schedule: "@daily", command: "echo hi" }
  consumer: { type: daemon, command: [sleep, "1000"] }
`
let site: Site
beforeAll(() => {
  site = newSite(tasks)
  site.write('bad.yaml', tasks.replace('command: "echo hi"', 'comand: "echo hi"'))
  site.write('open.yaml', tasks)
  fs.chmodSync(`${site.folder}/open.yaml`, 0o666)
  fs.mkdirSync(`${site.folder}/empty`)
  site.write('repository/tasks.yaml', tasks)
  spawnSync('git', ['init', '--quiet'], { cwd: `${site.folder}/repository` })
  vi.stubEnv('TORCH_HOME', site.home)
  vi.stubEnv('TORCH_TASKS', site.tasks)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await closeSites()
})

/** The words after `torch`, with DIR for the folder of the site; the lines that torch prints; its exit status. */
type Wrong = readonly [typed: string, lines: readonly string[], status: number]

async function answer(typed: string): Promise<Wrong> {
  const words = typed.match(/"[^"]*"|\S+/g) ?? []
  const { status, stdout, stderr } = await torchHere(
    words.map((word) => word.replaceAll('"', '').replaceAll('DIR', site.folder)),
  )
  return [typed, (stdout + stderr).replaceAll(site.folder, 'DIR').trimEnd().split('\n'), status]
}

const noDaemon = [
  'torch: no torch daemon is running for DIR/home',
  'hint: start one: torch start --home DIR/home',
]
const near = ['torch: there is no task "bakup"', 'hint: did you mean "backup"?']
const strange = ['torch: there is no task "xyzzy"', 'hint: torch status lists the tasks']
const noFile = [
  'torch: DIR/none.yaml: is not there',
  'hint: create it, or name another file with --tasks',
]
const noYaml = [
  'torch: DIR/empty: this directory contains no *.yaml or *.yml file',
  'hint: fix the file, or name another one with --tasks',
]
const unknownKey = (file: string) => [
  `${file}:2:33: tasks.backup.comand: unknown key "comand"`,
  '  backup: { schedule: "@daily", comand: "echo hi" }',
  '                                ^',
  'hint: did you mean "command"?',
]

describe('Mistakes without a daemon', () => {
  test.each<Wrong>([
    ['stop', noDaemon, 3],
    ['reload', noDaemon, 3],
    ['restart', noDaemon, 3],
    ['kill backup', noDaemon, 3],
    ['run backup --detach', noDaemon, 3],
    ['stop --tasks DIR/other.yaml', noDaemon, 3],

    ['status bakup', near, 2],
    ['next bakup', ['file  DIR/tasks.yaml', ...near], 2],
    ['history bakup', near, 2],
    ['logs bakup', near, 2],
    ['run bakup', near, 2],
    [
      'next backup xyzzy',
      ['torch: there is no task "xyzzy"', 'hint: torch plan lists the tasks'],
      2,
    ],
    ['status x*', ['torch: no task matches "x*"', 'hint: torch status lists the tasks'], 2],
    ['run xyzzy', strange, 2],
    [
      'run back*',
      ['torch: torch run starts one task, not a pattern such as "back*"', 'hint: torch run TASK'],
      2,
    ],
    [
      'logs backup',
      [
        'torch: no runs of backup are kept',
        'hint: torch history backup shows its recorded runs; torch run backup starts it',
      ],
      1,
    ],
    ['history backup', ['nothing recorded: torch is not running; torch run backup starts it'], 0],
    [
      'next consumer',
      [
        'torch: consumer is a daemon task: it always runs and has no start times',
        'hint: torch status consumer shows whether it runs',
      ],
      2,
    ],
    [
      'status --label team=data',
      ['no task has these labels', 'torch is not running: torch start starts it'],
      3,
    ],
  ])('torch %s', async (typed, lines, status) => {
    const [, said, ended] = await answer(typed)
    // torch status prints its table first.
    expect([typed, said.slice(-lines.length), ended]).toEqual([typed, lines, status])
  })
})

describe('A tasks file that cannot be used', () => {
  test.each<Wrong>([
    ['next --tasks DIR/none.yaml', noFile, 2],
    ['run backup --tasks DIR/none.yaml', noFile, 2],
    ['status backup --tasks DIR/none.yaml', noFile, 2],
    ['validate DIR/none.yaml', noFile, 2],
    ['plan DIR/none.yaml', noFile, 2],
    ['next --tasks DIR/empty', noYaml, 2],
    ['validate DIR/empty', noYaml, 2],
    [
      'next --tasks DIR/bad.yaml',
      [
        ...unknownKey('DIR/bad.yaml'),
        'torch: the tasks file DIR/bad.yaml is not valid (1 problem)',
        'hint: fix the file, or name another one with --tasks',
      ],
      2,
    ],
    [
      'validate DIR/bad.yaml',
      [...unknownKey('DIR/bad.yaml'), 'torch: DIR/bad.yaml is not valid (1 problem)'],
      2,
    ],
    [
      'import gotorch DIR/none.json',
      [
        'torch: the file DIR/none.json does not exist',
        'hint: torch import --help shows what can be imported',
      ],
      1,
    ],
    [
      'import gotorch DIR/tasks.yaml',
      [
        'DIR/tasks.yaml:1:1: not valid JSON: expected a value; got "t"',
        'tasks:',
        '^',
        'torch: DIR/tasks.yaml cannot be imported (1 problem)',
        'hint: is it the right file? torch import --help',
      ],
      2,
    ],
    [
      'next --config DIR/none',
      [
        'torch: DIR/none: does not exist',
        'hint: a config file has options as keys, such as: grace: 1m',
      ],
      2,
    ],
  ])('torch %s', async (typed, lines, status) => {
    expect(await answer(typed)).toEqual([typed, lines, status])
  })

  test.skipIf(process.getuid?.() !== 0)(
    'torch next as root refuses a tasks file that others may write',
    async () => {
      const lines = [
        'torch: DIR/open.yaml: other users can write it, and a daemon that runs as root would run what they write',
        'hint: remove that permission: chmod go-w DIR/open.yaml',
      ]
      expect(await answer('next --tasks DIR/open.yaml')).toEqual([
        'next --tasks DIR/open.yaml',
        lines,
        2,
      ])
    },
  )
})

describe('An option or argument with a bad value', () => {
  const duration = 'expected a duration with a unit, such as 30s, 5m or 1h30m'
  const aTime = 'a time such as 2026-03-08T07:00:00Z'
  test.each<[typed: string, what: string, hint: string]>([
    ['stop --grace 5', `--grace: ${duration}; got "5"`, 'try 5s'],
    ['stop --grace soon', `--grace: ${duration}; got "soon"`, 'torch stop --help'],
    [
      'history --since soon',
      `--since: expected a duration such as 2h, or ${aTime}; got "soon"`,
      'torch history --help',
    ],
    [
      'history --since 5',
      `--since: expected a duration such as 2h, or ${aTime}; got "5"`,
      'try 5h',
    ],
    ['next --from tomorrow', `--from: expected ${aTime}; got "tomorrow"`, 'torch next --help'],
    [
      'next --count 0',
      '-n/--count: expected a whole number from 1 to 10000; got "0"',
      'torch next --help',
    ],
    [
      'next --schedule 61',
      '--schedule: expected 5 or 6 fields; got 1',
      'the 5 fields are minute hour day month weekday; the second may come before them',
    ],
    [
      'next --schedule @daily --timezone Europe/Berln',
      '--timezone: unknown time zone "Europe/Berln"',
      'did you mean "Europe/Berlin"?',
    ],
    [
      'next --timezone Europe/Berlin',
      '--timezone needs --schedule',
      'tasks have their time zone in the tasks file',
    ],
    ['next --tasks', '--tasks: needs a value', 'torch next --help'],
    ['next --tasks --json', '--tasks: needs a value', 'torch next --help'],
    [
      'start --address web1',
      '--address: expected an IPv4 or IPv6 address; got "web1"',
      'such as --address 10.0.1.5 --address 2001:db8::5',
    ],
    ['diff --markdown --json', '--json and --markdown cannot be combined', 'torch diff --markdown'],
    [
      'diff',
      'DIR/tasks.yaml is not in a git repository',
      'name a file in a repository with --tasks; torch plan shows a single file',
    ],
    [
      'diff HED --tasks DIR/repository/tasks.yaml',
      'unknown revision "HED"',
      'this repository has no commits yet',
    ],
    [
      'plan --host 10.0.0',
      '--host: expected a host name or an address; got "10.0.0"',
      'name one machine, such as web1.example.com or 10.0.1.7',
    ],
    [
      'plan --address 10.0.1.7',
      '--address needs --host',
      'torch plan --host web1 --address 10.0.1.7',
    ],
    ['completion fsh', 'no completion for the shell "fsh"', 'did you mean "zsh"?'],
    [
      'status --outcome okk',
      '--outcome: expected one of running, ok, failed, timeout, killed, spawn-failed, unknown, skipped, missed; got "okk"',
      'did you mean "ok"?',
    ],
    [
      'status --watch --json',
      '--json and --watch cannot be combined',
      'run torch status --json as often as you need',
    ],
    ['import crontb', 'torch cannot import from "crontb"', 'did you mean "crontab"?'],
    ['import gotorch', 'import gotorch needs a file', 'torch import gotorch task.json'],
  ])('torch %s', async (typed, what, hint) => {
    expect(await answer(typed)).toEqual([typed, [`torch: ${what}`, `hint: ${hint}`], 2])
  })
})

describe.each(commands)('torch $name with wrong usage', (command) => {
  const needed = argumentsOf(command).flatMap(({ isRequired, names }) => (isRequired ? names : []))
  test.each(['--bogus', '--home', '--config DIR/none', 'a b c d e --bogus'])(
    `torch ${command.name} with %s prints an error and a hint and exits with 2`,
    async (mistake) => {
      const [, lines, status] = await answer(
        [command.name, ...needed.slice(0, 1), mistake].join(' '),
      )
      expect(lines).toHaveLength(2)
      expect(lines[0]).toMatch(/^torch: \S/)
      expect(lines[1]).toMatch(/^hint: \S|^torch /)
      expect(status).toBe(2)
    },
  )
})

describe('Mistakes with a daemon', () => {
  beforeAll(async () => {
    expect((await site.torch('start')).status).toBe(0)
  })
  afterAll(() => site.torch('stop', '--grace', '0s'))

  test.each<Wrong>([
    ['status bakup', near, 2],
    ['run bakup', near, 2],
    ['run bakup --detach', near, 2],
    ['kill bakup', near, 2],
    ['logs bakup', near, 2],
    ['history bakup', near, 2],
    ['next bakup', ['file  DIR/tasks.yaml', ...near], 2],
    [
      'kill backup',
      ['torch: backup is not running', 'hint: torch status shows what is running'],
      1,
    ],
    [
      'kill 20200101T000000.000-abcdef',
      [
        'torch: 20200101T000000.000-abcdef is not running',
        'hint: torch status shows what is running',
      ],
      1,
    ],
    [
      'reload --tasks DIR/none.yaml',
      [
        'torch: the daemon of this home runs DIR/tasks.yaml, not DIR/none.yaml',
        'hint: leave out --tasks, or name another --home; to change the file, use torch stop and torch start',
      ],
      2,
    ],
  ])('torch %s', async (typed, lines, status) => {
    expect(await answer(typed)).toEqual([typed, lines, status])
  })

  test('torch start says that a daemon already runs', async () => {
    const { status, stderr } = await site.torch('start')
    expect([status, stderr]).toEqual([
      1,
      `torch: a torch daemon (pid ${site.pid()}) already runs on ${site.home}
hint: torch status shows what it does; torch reload makes it read its file again
`,
    ])
  })
})

const nobody = 65_534

/** Whether another user can run torch at all: this checkout may be in the home of root. */
function canBeNobody(): boolean {
  if (process.getuid?.() !== 0) return false
  const words = [`${root}/bin/torch.js`, '--version']
  return spawnSync(process.execPath, words, { uid: nobody, gid: nobody, cwd: '/' }).status === 0
}

describe.skipIf(!canBeNobody())('torch as another user than root', () => {
  let home: string
  const as = (typed: string) =>
    site.torchWith({ uid: nobody, env: { TORCH_HOME: home } }, ...typed.split(' '))
  const asking = ['stop', 'status', 'next', 'history', 'logs backup', 'run backup']

  beforeAll(() => {
    fs.chmodSync(site.folder, 0o755)
    fs.rmSync(site.home, { recursive: true, force: true })
    fs.mkdirSync(site.home, { mode: 0o700 })
    fs.writeFileSync(`${site.home}/torch.lock`, '')
    fs.mkdirSync(`${site.folder}/own`, { mode: 0 })
    fs.chownSync(`${site.folder}/own`, nobody, nobody)
  })

  test('commands that need a home refuse the home of root to another user', async () => {
    home = site.home
    const answers = await Promise.all(asking.map(as))
    for (const [index, { status, stdout, stderr }] of answers.entries())
      expect([asking[index], status, stdout + stderr]).toEqual([
        asking[index],
        1,
        `torch: the home ${home} belongs to another user (uid 0)
hint: run torch as that user, or as root
`,
      ])
    expect(await as('start')).toMatchObject({
      status: 1,
      stderr: `torch: the home ${home} belongs to another user (uid 0)
hint: start torch as that user, or choose another home with --home
`,
    })
  })

  test('commands that need no home work even if TORCH_HOME belongs to root', async () => {
    home = site.home
    const [validate, next, doctor] = await Promise.all(
      ['validate tasks.yaml', 'next --tasks tasks.yaml', 'doctor'].map(as),
    )
    expect([validate?.status, next?.status, doctor?.status]).toEqual([0, 0, 1])
    const named = ['plan --tasks tasks.yaml', 'diff --tasks repository/tasks.yaml']
    for (const { stderr } of await Promise.all(named.map(as)))
      expect(stderr).not.toContain('belongs to another user')
    expect(doctor?.stdout).toContain(`problem  home         ${home} belongs to root (uid 0)\n`)
  })

  test('a tasks file in a directory without permissions cannot be read', async () => {
    home = `${site.folder}/none`
    const file = `${site.folder}/own/tasks.yaml`
    const denied = `torch: own/tasks.yaml: cannot be read: EACCES: permission denied, stat '${file}'`
    for (const typed of ['plan own/tasks.yaml', 'next --tasks own/tasks.yaml'])
      expect(await as(typed)).toMatchObject({
        status: 2,
        stderr: `${denied}\nhint: fix the file, or name another one with --tasks\n`,
      })
    expect(await as('diff --tasks own/tasks.yaml')).toMatchObject({
      status: 2,
      stderr: `torch: own/tasks.yaml: EACCES: permission denied, readlink '${file}'
hint: fix the file, or name another one with --tasks
`,
    })
  })

  test('a home of the user with mode 0 cannot be entered, and the hint says chmod', async () => {
    home = `${site.folder}/own`
    const [status, doctor] = await Promise.all(['status', 'doctor'].map(as))
    expect(status).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `torch: the home ${home} cannot be entered (mode 0)\nhint: chmod 700 ${home}\n`,
    })
    expect(doctor?.status).toBe(1)
  })

  test('a home below a directory without permissions cannot be entered or created', async () => {
    home = `${site.folder}/own/home`
    const [status, start] = await Promise.all(['status', 'start'].map(as))
    expect(status).toMatchObject({
      status: 1,
      stderr: `torch: the home ${home} cannot be entered by this user
hint: run torch as its owner, or as root
`,
    })
    expect(start).toMatchObject({
      status: 1,
      stderr: `torch: the home ${home} cannot be used: EACCES: permission denied, mkdir '${home}'
hint: choose another with --home or TORCH_HOME
`,
    })
  })

  test('torch status works with the HOME of root and a uid without a name', async () => {
    const options = { uid: 12_345, env: { HOME: '/root', TORCH_HOME: '/nonexistent/torch' } }
    const { status, stderr } = await site.torchWith(options, 'status', '--tasks', 'tasks.yaml')
    expect([status, stderr]).toEqual([3, 'torch is not running: torch start starts it\n'])
  })
})

describe('A directory or file that cannot be used', () => {
  test('torch says that the current directory was removed', async () => {
    const gone = `${site.folder}/gone`
    fs.mkdirSync(gone)
    const words = ['-c', 'cd "$1" && rmdir "$1" && exec "$2" "$3" status', 'sh', gone]
    const { status, stderr } = spawnSync('/bin/sh', [
      ...words,
      process.execPath,
      `${root}/bin/torch.js`,
    ])
    expect([status, stderr.toString()]).toEqual([
      1,
      'torch: the current folder does not exist any more\nhint: cd to another one\n',
    ])
  })

  test('torch run refuses a home that is a file', async () => {
    const { tasks: file } = site
    const status = await torchHere(['status', '--home', file])
    expect([status.status, status.stderr]).toEqual([
      3,
      `torch is not running: torch start --home ${file} starts it\n`,
    ])
    expect(await torchHere(['run', 'backup', '--home', file])).toMatchObject({
      status: 1,
      stderr: `torch: the home ${file} is not a directory
hint: choose another with --home or TORCH_HOME
`,
    })
  })

  test('status and history of a damaged history.db show the runs that still have a directory', async () => {
    const home = `${site.folder}/damaged`
    expect((await torchHere(['run', 'backup', '--home', home])).stdout).toBe('hi\n')
    fs.writeFileSync(`${home}/history.db`, 'no database, '.repeat(100))
    for (const suffix of ['-wal', '-shm']) fs.rmSync(`${home}/history.db${suffix}`, { force: true })
    const trouble = `cannot read ${home}/history.db: file is not a database: showing only the runs that still have a directory\n`
    const isDown = `torch is not running: torch start --home ${home} starts it\n`
    for (const [command, code, said] of [
      ['status', 3, trouble + isDown],
      ['history', 0, trouble],
    ] as const) {
      const { status, stdout, stderr } = await torchHere([command, '--home', home])
      expect([command, status, stderr]).toEqual([command, code, said])
      expect(stdout).toMatch(/backup .*ok/)
    }
  })
})
