import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { gitEnvironment } from '../../../support/repository.ts'
import { closeSites } from '../../../support/torch.ts'
import { edits, type History, newHistory } from './ten-edits.ts'

vi.setConfig({ testTimeout: 120_000 })

let history: History
beforeAll(() => {
  history = newHistory()
})
afterAll(closeSites)

const nothing = {
  ...{ added: [], removed: [], renamed: [], changed: [], restarts: [], withoutGap: [] },
  ...{ messages: {}, groups: {}, hosts: [], unreadable: [], problems: [] },
}

describe.concurrent('torch diff in a history of ten edits', () => {
  test.each(edits.map(([message, , told], at) => ({ message, told, before: edits.length - at })))(
    'torch diff of the edit "$message", $before before the last, shows exactly this edit',
    async ({ told, before }) => {
      const { from, to, hosts, ...found } = await history.json(
        `HEAD~${before}`,
        `HEAD~${before - 1}`,
      )
      expect({ ...found, hosts: Object.keys(hosts as object) }).toEqual({ ...nothing, ...told })
      expect([from, to]).toMatchObject([
        { revision: `HEAD~${before}` },
        { exists: true, valid: true },
      ])
    },
  )

  test('torch diff HEAD~3 HEAD shows the last three edits together', async () => {
    const head = history.repository.git('rev-parse', '--short=12', 'HEAD')
    const old = history.repository.git('rev-parse', '--short=12', 'HEAD~3')
    expect(await history.diff('HEAD~3', 'HEAD')).toMatchObject({
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
daemon tasks that restart: consumer
`,
    })
  })

  test('torch diff of all ten edits shows a task that was renamed and then removed as removed', async () => {
    const { added, removed, renamed, groups } = await history.json('HEAD~10')
    expect({ added, removed, renamed, groups }).toEqual({
      added: ['cleanup'],
      removed: ['report'],
      renamed: [],
      groups: { db: { added: ['10.0.2.12'], removed: [] } },
    })
  })

  test('torch diff --markdown A...B compares with the commit where the branch left', async () => {
    const { status, stdout } = await history.diff('--markdown', 'HEAD~4...HEAD')
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

describe('torch diff with the working copy', () => {
  afterEach(() => fs.writeFileSync(history.file, history.last))

  test.each([
    ['the same file', () => history.last, 0, 'no change in meaning'],
    ['a comment', () => `${history.last}# The end.\n`, 0, 'no change in meaning'],
    ['a change', () => history.last.replace('max: 2', 'max: 3'), 1, '1 task changed'],
  ])('the exit status of torch diff --exit-code with %s', async (_what, text, status, verdict) => {
    fs.writeFileSync(history.file, text())
    const ended = await history.diff('--exit-code')
    expect(ended).toMatchObject({ status, stderr: '' })
    expect(ended.stdout).toMatch(/^tasks\.yaml: HEAD \(.{12}\) -> working copy\n/)
    expect(ended.stdout.split('\n')[1]).toBe(verdict)
  })

  test('torch diff of a file that is no longer valid shows its problems and compares the other tasks', async () => {
    fs.writeFileSync(
      history.file,
      history.last.replace('max: 2', 'max: many').replace('gzip', 'zstd'),
    )
    const ended = await history.diff('--exit-code')
    expect(ended.status).toBe(2)
    expect(ended.stderr)
      .toBe(`tasks.yaml:15:5: tasks.consumer.max: expected a whole number of at least 1, or "unlimited"; got "many"
    max: many
    ^
`)
    expect(ended.stdout).toContain(
      'not compared because of problems in the file: consumer\n1 task changed\n',
    )
    expect((await history.diff()).status).toBe(0)
    const { unreadable, problems, to } = await history.json()
    expect({ unreadable, problems, to }).toMatchObject({
      unreadable: ['consumer'],
      problems: [{ file: 'tasks.yaml', line: 15 }],
      to: { revision: null, commit: null, exists: true, valid: false },
    })
  })

  test('torch diff of a file that was not valid in HEAD shows the problems of HEAD', async () => {
    history.repository.git('switch', '-q', '-c', 'wrong')
    fs.writeFileSync(history.file, history.last.replace('max: 2', 'max: many'))
    history.repository.commit('Wrong')
    fs.writeFileSync(history.file, history.last)
    const ended = await history.diff('--exit-code')
    history.repository.git('switch', '-q', '--force', 'main')
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/^HEAD:all\/tasks\.yaml:15:5: tasks\.consumer\.max: /)
    expect(ended.stdout).toContain('\ntasks.yaml is not valid in HEAD\n')
  })

  test('torch diff of a deleted file shows its tasks as removed', async () => {
    fs.rmSync(history.file)
    expect((await history.diff()).stdout).toContain(
      '\ntasks.yaml does not exist in the working copy: compared as empty\n4 tasks removed, 2 ',
    )
  })

  test('torch diff compares a directory of files, from another folder and in a git hook', async () => {
    fs.writeFileSync(history.file, history.last.replace('max: 2', 'max: 3'))
    history.repository.write('all/more.yml', 'tasks: { more: { type: daemon, command: more } }\n')
    const env = { ...gitEnvironment, GIT_DIR: '.git', GIT_INDEX_FILE: '.git/index' }
    const words = [
      'diff',
      '--tasks',
      path.join(history.repository.folder, 'all'),
      'HEAD~1',
      '--json',
    ]
    const { stdout } = await history.site.torchWith({ cwd: '/', env }, ...words)
    fs.rmSync(path.join(history.repository.folder, 'all/more.yml'))
    expect(JSON.parse(stdout)).toMatchObject({
      added: ['more'],
      removed: ['daily-report'],
      changed: [{ task: 'consumer', keys: { max: [2, 3] } }],
    })
  })
})

describe('torch diff without two sides to compare', () => {
  test.each([
    [['--json', '--markdown'], '--json and --markdown cannot be combined', 'torch diff --markdown'],
    [
      ['v9'],
      'unknown revision "v9"',
      'git log --oneline lists the commits, git branch --all the branches',
    ],
    [
      ['HEAD~1', 'HEAD', '--tasks', 'none.yaml'],
      expect.stringMatching(
        /^none\.yaml does not exist on either side: HEAD~1 \(.{12}\) -> HEAD \(.{12}\)$/,
      ) as string,
      'name the tasks file with --tasks',
    ],
    [
      ['--tasks', '/etc/hostname'],
      '/etc/hostname is not in a git repository',
      'name a file in a repository with --tasks; torch plan shows a single file',
    ],
  ])('torch diff %j is refused', async (words, message, hint) => {
    const { status, stdout, stderr } = await history.diff(...words)
    expect([status, stdout]).toEqual([2, ''])
    const [what, second] = stderr.split('\n')
    expect([what?.replace(/^torch: /, ''), second]).toEqual([message, `hint: ${hint}`])
  })
})
