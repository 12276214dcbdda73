import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { gitEnvironment, newRepository, type Repository } from '../support/repository.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'

vi.setConfig({ testTimeout: 60_000 })

/** The file before the first edit. */
const first = `timezone: UTC
hosts:
  web: [10.0.1.0/24]
  db: [10.0.2.11]
tasks:
  rotate:
    schedule: "*/10 * * * *"
    command: php rotate.php
    hosts: [web]
  dump:
    schedule: "30 2 * * *"
    command: pg_dump app > app.sql
    hosts: [db]
  report:
    schedule: "@daily"
    command: report --all
  consumer:
    type: daemon
    command: [node, consumer.js]
    hosts: [web]
`

/** Ten edits, each a commit; what a reviewer would say of each by itself. */
const edits: readonly [message: string, edit: (text: string) => string, told: object][] = [
  ['Say what the file is', (text) => `# The tasks of all machines.\n${text}`, {}],
  [
    'Rotate twice as often',
    (text) => text.replace('*/10', '*/5'),
    {
      changed: [{ task: 'rotate', keys: { schedule: ['*/10 * * * *', '*/5 * * * *'] } }],
      hosts: ['web', '10.0.1.0/24'],
    },
  ],
  [
    'Clean up',
    (text) => `${text}  cleanup: { schedule: "0 4 * * *", command: tidy, hosts: [web] }\n`,
    { added: ['cleanup'], hosts: ['web', '10.0.1.0/24'] },
  ],
  [
    'Order by name',
    (text) =>
      text.replace(/ {2}dump:\n(?: {4}.*\n)+/, '') +
      (/ {2}dump:\n(?: {4}.*\n)+/.exec(text)?.[0] ?? ''),
    {},
  ],
  [
    'Call it what it is',
    (text) => text.replace('  report:', '  daily-report:'),
    { renamed: [{ from: 'report', to: 'daily-report' }] },
  ],
  [
    'Bound what runs',
    (text) => text.replace('tasks:', 'defaults: { timeout: 60m }\ntasks:'),
    {
      changed: ['rotate', 'daily-report', 'consumer', 'cleanup', 'dump'].map((task) => ({
        task,
        keys: { timeout: [null, '1h'] },
      })),
      restarts: ['consumer'],
    },
  ],
  [
    'A second database',
    (text) => text.replace('10.0.2.11]', '10.0.2.11, 10.0.2.12]'),
    { groups: { db: { added: ['10.0.2.12'], removed: [] } }, hosts: ['10.0.2.12'] },
  ],
  [
    'Compress what is dumped',
    (text) => text.replace('pg_dump app > app.sql', 'pg_dump app | gzip > app.sql.gz'),
    {
      changed: [
        {
          task: 'dump',
          keys: { command: ['pg_dump app > app.sql', 'pg_dump app | gzip > app.sql.gz'] },
        },
      ],
    },
  ],
  [
    'More consumers, for whom it may concern',
    (text) => text.replace('consumer.js]', 'consumer.js]\n    max: 2\n    labels: { team: data }'),
    {
      changed: [{ task: 'consumer', keys: { max: [1, 2], 'labels.team': [null, 'data'] } }],
      restarts: ['consumer'],
    },
  ],
  [
    'Nobody reads it',
    (text) => text.replace(/ {2}daily-report:\n(?: {4}.*\n)+/, ''),
    {
      removed: ['daily-report'],
      hosts: ['everywhere', 'web', 'db', '10.0.1.0/24', '10.0.2.11', '10.0.2.12'],
    },
  ],
]

let site: Site
let repository: Repository
let last = first
beforeAll(() => {
  site = newSite()
  repository = newRepository(path.join(site.folder, 'ops täsks'))
  const commit = (message: string): void => {
    repository.write('all/tasks.yaml', last)
    repository.commit(message)
  }
  commit('The first')
  for (const [message, edit] of edits) {
    last = edit(last)
    commit(message)
  }
})
afterAll(closeSites)

const nothing = {
  ...{ added: [], removed: [], renamed: [], changed: [], restarts: [] },
  ...{ groups: {}, hosts: [], unreadable: [], problems: [] },
}

/** Runs torch in the folder of the file. */
async function torch(...words: string[]) {
  const cwd = path.join(repository.folder, 'all')
  return site.torchWith(
    { cwd, env: gitEnvironment },
    'diff',
    '--from',
    '2026-11-21T00:00:30',
    ...words,
  )
}

async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await torch('--json', ...words)
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as Record<string, unknown>
}

describe.concurrent('in a history of ten edits', () => {
  test.each(edits.map(([message, , told], at) => ({ message, told, before: edits.length - at })))(
    'edit $before before the last, "$message": exactly what was done',
    async ({ told, before }) => {
      const { from, to, hosts, ...found } = await json(`HEAD~${before}`, `HEAD~${before - 1}`)
      expect({ ...found, hosts: Object.keys(hosts as object) }).toEqual({ ...nothing, ...told })
      expect([from, to]).toMatchObject([
        { revision: `HEAD~${before}` },
        { exists: true, valid: true },
      ])
    },
  )

  test('HEAD~3 HEAD: the last three together', async () => {
    const head = repository.git('rev-parse', '--short=12', 'HEAD')
    const old = repository.git('rev-parse', '--short=12', 'HEAD~3')
    expect(await torch('HEAD~3', 'HEAD')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `tasks.yaml: HEAD~3 (${old}) -> HEAD (${head})
1 task removed, 2 changed

- daily-report
~ consumer
    max: 1 -> 2
    labels.team: none -> data
~ dump
    command: pg_dump app > app.sql -> pg_dump app | gzip > app.sql.gz

everywhere, web, db, 10.0.1.0/24, 10.0.2.11, 10.0.2.12: - daily-report

starts in 24 h everywhere: 1 -> 0 (-1)
starts in 24 h on web, 10.0.1.0/24: 290 -> 289 (-1), busiest second: 2 at 04:00:00
starts in 24 h on db, 10.0.2.11, 10.0.2.12: 2 -> 1 (-1)
ended and started anew, as daemon tasks that changed: consumer
`,
    })
  })

  test('all ten: a rename and a removal are one removal', async () => {
    const { added, removed, renamed, groups } = await json('HEAD~10')
    expect({ added, removed, renamed, groups }).toEqual({
      added: ['cleanup'],
      removed: ['report'],
      renamed: [],
      groups: { db: { added: ['10.0.2.12'], removed: [] } },
    })
  })

  test('--markdown: what a reviewer reads, in a branch that left main at its sixth edit', async () => {
    const { status, stdout } = await torch('--markdown', 'HEAD~4...HEAD')
    expect(status).toBe(0)
    const rows = [
      '| `daily-report` |',
      '| `consumer` | `max` | `1` | `2` |',
      '| `dump` | `command` | `pg_dump app > app.sql` | <code>pg&#95;dump app &#124; gzip &#62; app.sql.gz</code> |',
      '| `db` | `10.0.2.12` |  |',
      '| `10.0.2.12` | `dump` | `daily-report` |',
    ]
    expect(rows.filter((row) => !stdout.split('\n').includes(row))).toEqual([])
    expect(stdout).toMatch(
      /^\*\*`tasks\.yaml`\*\*, `HEAD~4\.\.\.HEAD \(.{12} -> .{12}\)`: \*\*1 task removed, 2 /,
    )
  })
})

describe('with the file as it lies here', () => {
  const file = () => path.join(repository.folder, 'all/tasks.yaml')
  afterEach(() => fs.writeFileSync(file(), last))

  test.each([
    ['as it is', () => last, 0, 'no change in meaning'],
    ['a comment', () => `${last}# The end.\n`, 0, 'no change in meaning'],
    ['a change', () => last.replace('max: 2', 'max: 3'), 1, '1 task changed'],
  ])('%s: --exit-code', async (_what, text, status, verdict) => {
    fs.writeFileSync(file(), text())
    const ended = await torch('--exit-code')
    expect(ended).toMatchObject({ status, stderr: '' })
    expect(ended.stdout).toMatch(/^tasks\.yaml: HEAD \(.{12}\) -> working copy\n/)
    expect(ended.stdout.split('\n')[1]).toBe(verdict)
  })

  test('where it is wrong now: what can be read, and the problems', async () => {
    fs.writeFileSync(file(), last.replace('max: 2', 'max: many').replace('gzip', 'zstd'))
    const ended = await torch('--exit-code')
    expect(ended.status).toBe(2)
    expect(ended.stderr)
      .toBe(`tasks.yaml:15:5: tasks.consumer.max: expected a whole number of at least 1, or "unlimited"; got "many"
    max: many
    ^
`)
    expect(ended.stdout).toContain(
      'not compared, for what is wrong there: consumer\n1 task changed\n',
    )
    expect((await torch()).status).toBe(0)
    const { unreadable, problems, to } = await json()
    expect({ unreadable, problems, to }).toMatchObject({
      unreadable: ['consumer'],
      problems: [{ file: 'tasks.yaml', line: 15 }],
      to: { revision: null, commit: null, exists: true, valid: false },
    })
  })

  test('where it was wrong, and is not any more', async () => {
    repository.git('switch', '-q', '-c', 'wrong')
    fs.writeFileSync(file(), last.replace('max: 2', 'max: many'))
    repository.commit('Wrong')
    fs.writeFileSync(file(), last)
    const ended = await torch('--exit-code')
    repository.git('switch', '-q', '--force', 'main')
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/^HEAD:all\/tasks\.yaml:15:5: tasks\.consumer\.max: /)
    expect(ended.stdout).toContain('\ntasks.yaml is not valid in HEAD\n')
  })

  test('where it is gone', async () => {
    fs.rmSync(file())
    expect((await torch()).stdout).toContain(
      '\ntasks.yaml is not in the working copy: taken for a file without tasks\n4 tasks removed, 2 ',
    )
  })

  test('as a directory, from elsewhere, in a hook', async () => {
    fs.writeFileSync(file(), last.replace('max: 2', 'max: 3'))
    repository.write('all/more.yml', 'tasks: { more: { type: daemon, command: more } }\n')
    const env = { ...gitEnvironment, GIT_DIR: '.git', GIT_INDEX_FILE: '.git/index' }
    const words = ['diff', '--tasks', path.join(repository.folder, 'all'), 'HEAD~1', '--json']
    const { stdout } = await site.torchWith({ cwd: '/', env }, ...words)
    fs.rmSync(path.join(repository.folder, 'all/more.yml'))
    expect(JSON.parse(stdout)).toMatchObject({
      added: ['more'],
      removed: ['daily-report'],
      changed: [{ task: 'consumer', keys: { max: [2, 3] } }],
    })
  })
})

describe('what cannot be compared', () => {
  test.each([
    [['--json', '--markdown'], '--json does not go with --markdown', 'torch diff --markdown'],
    [
      ['v9'],
      'unknown revision "v9"',
      'git log --oneline lists the commits, git branch --all the branches',
    ],
    [
      ['HEAD~1', 'HEAD', '--tasks', 'none.yaml'],
      expect.stringMatching(
        /^none\.yaml is in neither of both: HEAD~1 \(.{12}\) -> HEAD \(.{12}\)$/,
      ) as string,
      'name the tasks file with --tasks',
    ],
    [
      ['--tasks', '/etc/hostname'],
      '/etc/hostname is in no git repository',
      'name a file in one with --tasks; torch plan shows what a file means by itself',
    ],
  ])('%j', async (words, message, hint) => {
    const { status, stdout, stderr } = await torch(...words)
    expect([status, stdout]).toEqual([2, ''])
    const [what, second] = stderr.split('\n')
    expect([what?.replace(/^torch: /, ''), second]).toEqual([message, `hint: ${hint}`])
  })
})
