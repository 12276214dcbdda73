import { expect, test } from 'vitest'
import { wholeJson } from '../../../../src/cli/commands/plan/plan-json.ts'
import { at } from '../../../plan/support.ts'
import { good } from '../../../tasks/read.ts'

const when = { from: at('2026-11-21T10:00:00Z'), zone: 'UTC' }

test('each warning stands once: with the first host that has it, with the first of all where none has', () => {
  const file = good(`
hosts: { web: [10.0.1.5], db: [10.0.2.5] }
tasks:
  nobody: { schedule: "H 6 * * *", command: x, hosts: [web, "!web"] }
  never: { schedule: "0 0 30 2 *", command: x, hosts: [db] }
  long: { schedule: "@hourly", command: x, timeout: 2h, hosts: [web, db] }
`)
  const found = wholeJson(file, when).map(({ host, warnings }) => [
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

test('what starts at no time has no next, and a host without starts no busiest second', () => {
  const file = good(
    'tasks: { a: { type: daemon, command: x }, b: { schedule: "@reboot", command: x } }',
  )
  expect(wholeJson(file, when)).toMatchObject([
    {
      tasks: [
        { next: null, starts24h: 0 },
        { next: null, starts24h: 0 },
      ],
      busiest: null,
    },
  ])
})
