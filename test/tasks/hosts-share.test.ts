import { describe, expect, test } from 'vitest'
import { everyone, type HostMatch } from '../../src/tasks/hosts.ts'
import { parseHostEntry } from '../../src/tasks/host-entry.ts'
import { runsOn, shareOf } from '../../src/tasks/hosts.ts'
import { good, oneTask } from '../support/tasks.ts'

const groups = `
hosts:
  web: [10.0.1.0/24]
  db: [10.0.2.11, db1]
`

/** `[10.0.1.0/24, "!10.0.1.9"]` as in a task. */
function ruleOf(entries: string) {
  return good(groups + oneTask(`hosts: ${entries}`)).tasks[0]?.hosts
}

/** Entries as in a group. */
function machinesOf(entries: string): HostMatch[] {
  return entries.split(' ').map((written): HostMatch => {
    const entry = parseHostEntry(written)
    if (entry.kind === 'match') return entry.match
    return { kind: 'name', name: written }
  })
}

test.each([
  // Blocks and addresses.
  ['[10.0.1.0/24]', '10.0.1.0/24', 'all'],
  ['[10.0.0.0/8]', '10.0.1.0/24', 'all'],
  ['[10.0.1.7]', '10.0.1.0/24', 'some'],
  ['[10.0.2.7]', '10.0.1.0/24', 'none'],
  ['[10.0.1.0/24]', '10.0.1.7', 'all'],
  ['[10.0.1.7]', '10.0.1.8', 'none'],
  ['[web, "!10.0.1.9"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.9"]', '10.0.1.9', 'none'],
  ['[web, "!10.0.1.255"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.0"]', '10.0.1.0/24', 'some'],
  ['[web, "!10.0.1.128/25"]', '10.0.1.128/26', 'none'],
  ['[10.0.1.9, "!10.0.1.9"]', '10.0.1.0/24', 'none'],
  ['[10.0.1.0/25, 10.0.1.128/25]', '10.0.1.0/24', 'all'],
  ['[10.0.1.0/25, 10.0.1.128/26]', '10.0.1.0/24', 'some'],
  ['["!10.0.1.0/25", "!10.0.1.128/25"]', '10.0.1.0/24', 'none'],
  ['["!10.0.1.9"]', '10.0.1.0/24', 'some'],
  ['["!10.0.1.9"]', '10.0.2.0/24', 'all'],
  ['["::/0"]', '2001:db8::/32', 'all'],
  ['["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]', '::/0', 'some'],
  ['["::/0"]', '0.0.0.0/0', 'none'],
  ['["*"]', '10.0.1.7', 'all'],
  ['["!*"]', '10.0.1.7', 'none'],
  ['["web-*"]', '10.0.1.7', 'none'],
  // Names.
  ['[web1.example.com]', 'web1.example.com', 'all'],
  ['[db]', 'db1', 'all'],
  ['[db]', 'db1.example.com', 'all'],
  ['[db1.example.com]', 'db1', 'none'],
  ['["db?"]', 'db1.example.com', 'all'],
  ['["*", "!*.example.com"]', 'db1.example.com', 'none'],
  ['[web]', 'web1', 'none'],
  // Patterns.
  ['["web-*"]', 'web-*', 'all'],
  ['["web-*"]', 'web-1*', 'all'],
  ['["web-1*"]', 'web-*', 'some'],
  ['[web-1.example.com]', 'web-*', 'some'],
  ['["web-*", "!web-1.example.com"]', 'web-*', 'some'],
  ['["!*-eu"]', 'web-*', 'some'],
  ['["*-eu"]', 'web-*', 'some'],
  ['["!web-*"]', 'web-*', 'none'],
  ['["!web-*"]', 'db-*', 'all'],
  ['[web]', 'web-*', 'none'],
  ['[web]', '*', 'some'],
  // Groups of several.
  ['[web]', '10.0.1.0/24 web1', 'some'],
  ['[db]', '10.0.2.11 db1', 'all'],
  ['[db]', '10.0.2.12 db2', 'none'],
  ['["!db"]', '10.0.2.11 10.0.2.12', 'some'],
])('a task with hosts: %s runs on these machines: %s (%s)', (entries, machines, share) => {
  expect(shareOf(ruleOf(entries), machinesOf(machines))).toBe(share)
})

test('a task without hosts runs on all machines', () => {
  expect(shareOf(undefined, machinesOf('10.0.1.0/24 web1'))).toBe('all')
})

describe('a machine without known name and address', () => {
  test.each([
    ['["!10.0.1.9"]', true],
    ['["*"]', true],
    ['["!*"]', false],
    ['[web]', false],
    ['["web-*"]', false],
    ['["0.0.0.0/0"]', false],
  ])('a task with hosts: %s runs on an unknown machine or not', (entries, runs) => {
    expect(runsOn(ruleOf(entries), everyone)).toBe(runs)
  })
})
