import path from 'node:path'
import { expect } from 'vitest'
import { gitEnvironment, newRepository, type Repository } from '../../../support/repository.ts'
import { type Ended, newSite, type Site } from '../../../support/torch.ts'

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

/** Ten edits, each in a commit, with what torch diff has to show for it. */
export const edits: readonly [message: string, edit: (text: string) => string, told: object][] = [
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

/** A repository with a tasks file in a folder, in ten edits; torch runs in that folder. */
export interface History {
  readonly site: Site
  readonly repository: Repository
  /** The tasks file, and its text after the last edit. */
  readonly file: string
  readonly last: string
  /** Runs `torch diff` in the folder of the tasks file. */
  diff(...words: string[]): Promise<Ended>
  /** The JSON of a `torch diff` that succeeds. */
  json(...words: string[]): Promise<Record<string, unknown>>
}

export function newHistory(): History {
  const site = newSite()
  const repository = newRepository(path.join(site.folder, 'ops täsks'))
  let last = first
  const commit = (message: string): void => {
    repository.write('all/tasks.yaml', last)
    repository.commit(message)
  }
  commit('The first')
  for (const [message, edit] of edits) {
    last = edit(last)
    commit(message)
  }
  const folder = path.join(repository.folder, 'all')
  const diff = (...words: string[]) =>
    site.torchWith(
      { cwd: folder, env: gitEnvironment },
      'diff',
      '--from',
      '2026-11-21T00:00:30',
      ...words,
    )
  return {
    ...{ site, repository, last, diff },
    file: path.join(folder, 'tasks.yaml'),
    async json(...words) {
      const { status, stdout, stderr } = await diff('--json', ...words)
      expect([status, stderr]).toEqual([0, ''])
      return JSON.parse(stdout) as Record<string, unknown>
    },
  }
}
