import { expect, test } from 'vitest'
import { filePlanJson } from '../../../../src/cli/commands/plan/plan-json.ts'
import { at } from '../../../support/plan.ts'
import { good } from '../../../support/tasks.ts'

const when = { from: at('2026-11-21T10:00:00Z'), zone: 'UTC' }

test('a warning appears once: with the first host that has it, else with the first host of the list', () => {
  const file = good(`
hosts: { web: [10.0.1.5], db: [10.0.2.5] }
tasks:
  nobody: { schedule: "H 6 * * *", command: x, hosts: [web, "!web"] }
  never: { schedule: "0 0 30 2 *", command: x, hosts: [db] }
  long: { schedule: "@hourly", command: x, timeout: 2h, hosts: [web, db] }
`)
  const found = filePlanJson(file, when).map(({ host, warnings }) => [
    host,
    ...warnings.map(({ kind }) => kind),
  ])
  expect(found).toEqual([
    ['everywhere', 'nowhere'],
    ['web', 'timeout'],
    ['db', 'never'],
    ['10.0.1.5'],
    ['10.0.2.5'],
  ])
})

test('a task has its type, its script, its addresses and who gets messages about it', () => {
  const sum = '3b1f'.padEnd(64, '0')
  const file = good(`notify: { ops: { mail: root } }
tasks:
  a: { type: manual, script: { url: "https://x.example/a", sha256: ${sum} } }
  b: { type: daemon, command: [x], listen: [80, "unix:/run/b"], notify: { to: ops, on: [failed] } }
`)
  expect(filePlanJson(file, when)[0]?.tasks).toMatchObject([
    {
      type: 'manual',
      next: null,
      script: { url: 'https://x.example/a', sha256: sum },
      notify: null,
    },
    {
      type: 'daemon',
      script: null,
      listen: ['80', 'unix:/run/b'],
      notify: { to: ['ops'], on: ['failed'] },
    },
  ])
})

test('a task without a next start has next null, and a host without starts has busiest null', () => {
  const file = good(
    'tasks: { a: { type: daemon, command: x }, b: { schedule: "@reboot", command: x } }',
  )
  expect(filePlanJson(file, when)).toMatchObject([
    {
      tasks: [
        { next: null, starts24h: 0 },
        { next: null, starts24h: 0 },
      ],
      busiest: null,
    },
  ])
})
