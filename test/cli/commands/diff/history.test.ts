import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { closeSites } from '../../../support/torch.ts'
import { edits, type History, newHistory } from './ten-edits.ts'

vi.setConfig({ testTimeout: 60_000 })

let history: History
beforeAll(() => {
  history = newHistory()
})
afterAll(closeSites)

const nothing = {
  ...{ added: [], removed: [], renamed: [], changed: [], restarts: [] },
  ...{ groups: {}, hosts: [], unreadable: [], problems: [] },
}

describe.concurrent('in a history of ten edits', () => {
  test.each(edits.map(([message, , told], at) => ({ message, told, before: edits.length - at })))(
    'edit $before before the last, "$message": exactly what was done',
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

  test('HEAD~3 HEAD: the last three together', async () => {
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
ended and started anew, as daemon tasks that changed: consumer
`,
    })
  })

  test('all ten: a rename and a removal are one removal', async () => {
    const { added, removed, renamed, groups } = await history.json('HEAD~10')
    expect({ added, removed, renamed, groups }).toEqual({
      added: ['cleanup'],
      removed: ['report'],
      renamed: [],
      groups: { db: { added: ['10.0.2.12'], removed: [] } },
    })
  })

  test('--markdown: what a reviewer reads, in a branch that left main at its sixth edit', async () => {
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
