import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'a schedule in the defaults': {
    file: ['defaults: { schedule: "@daily" }', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:13: defaults.schedule: unknown key "schedule"',
      'defaults: { schedule: "@daily" }',
      '            ^',
      'hint: every task needs its own schedule',
    ],
  },
  'a command in the defaults': {
    file: ['defaults: { command: run }', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:13: defaults.command: unknown key "command"',
      'defaults: { command: run }',
      '            ^',
      'hint: every task needs its own command',
    ],
  },
  'a bad value that two tasks inherit': {
    file: [
      'defaults: { cwd: ~/x }',
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    max: 1',
      '  other: {schedule: "@daily", command: run}',
    ],
    shown: [
      'tasks.yaml:1:13: defaults.cwd: expected a path without ~; got "~/x"',
      'defaults: { cwd: ~/x }',
      '            ^',
      'hint: write the absolute path; only a shell expands ~',
    ],
  },
  'a bad value in a list': {
    file: ['defaults:', '  - timeout: 1h', 'tasks: {}'],
    shown: ['tasks.yaml:1:1: defaults: expected a map; got a list', 'defaults:', '^'],
  },
}

test.each(Object.entries(table))('bad defaults are reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})
