import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'a schedule without quotes': {
    file: ['tasks:', '  backup:', '    schedule: */10 * * * *', '    command: run'],
    shown: [
      'tasks.yaml:3:15: tasks.backup.schedule: not valid YAML: there is no anchor "/10" before this alias',
      '    schedule: */10 * * * *',
      '              ^',
      'hint: text that begins with * needs quotes',
    ],
  },
  'a nickname without quotes': {
    file: ['tasks:', '  backup:', '    schedule: @daily', '    command: run'],
    shown: [
      'tasks.yaml:3:15: not valid YAML: Plain value cannot start with reserved character @',
      '    schedule: @daily',
      '              ^',
      'hint: text that begins with @ needs quotes',
    ],
  },
  'a negated host without quotes': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    hosts: [a.example.com, !10.0.1.9]',
    ],
    shown: [
      'tasks.yaml:5:28: not valid YAML: Unresolved tag: !10.0.1.9',
      '    hosts: [a.example.com, !10.0.1.9]',
      '                           ^',
      'hint: text that begins with ! needs quotes',
    ],
  },
  'a colon in text without quotes': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: echo a: b'],
    shown: [
      'tasks.yaml:4:14: not valid YAML: Nested mappings are not allowed in compact mappings',
      '    command: echo a: b',
      '             ^',
      'hint: text that contains a colon and a space needs quotes',
    ],
  },
  'a tab for indentation': {
    file: ['tasks:', '\tbackup: {}'],
    shown: [
      'tasks.yaml:2:1: not valid YAML: Tabs are not allowed as indentation',
      '\tbackup: {}',
      '^',
      'hint: indent with spaces',
    ],
  },
  'a list that is not closed': {
    file: ['tasks:', '  backup:', '    command: [a, b'],
    shown: [
      'tasks.yaml:4:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  },
  'an unknown escape': {
    file: ['tasks:', '  backup: {schedule: "@daily", command: "\\q"}'],
    shown: [
      'tasks.yaml:2:42: not valid YAML: Invalid escape sequence \\q',
      '  backup: {schedule: "@daily", command: "\\q"}',
      '                                         ^',
    ],
  },
  'a key that is given twice': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    max: 1',
      '    max: 2',
    ],
    shown: [
      'tasks.yaml:6:5: tasks.backup.max: given twice; first at tasks.yaml:5:5',
      '    max: 2',
      '    ^',
    ],
  },
  'a task that is given twice': {
    file: [
      'tasks:',
      '  a: {schedule: "@daily", command: run}',
      '  a: {schedule: "@daily", command: run}',
    ],
    shown: [
      'tasks.yaml:3:3: tasks.a: given twice; first at tasks.yaml:2:3',
      '  a: {schedule: "@daily", command: run}',
      '  ^',
    ],
  },
  'a key that is a list': {
    file: ['tasks:', '  [a, b]: {schedule: "@daily", command: run}'],
    shown: [
      'tasks.yaml:2:3: tasks: expected a key that is text',
      '  [a, b]: {schedule: "@daily", command: run}',
      '  ^',
    ],
  },
  'an empty key': {
    file: ['tasks:', '  ~: {schedule: "@daily", command: run}'],
    shown: [
      'tasks.yaml:2:3: tasks: expected a key that is text',
      '  ~: {schedule: "@daily", command: run}',
      '  ^',
    ],
  },
  'a key with the name __proto__': {
    file: ['tasks:', '  __proto__: {schedule: "@daily", command: run}'],
    shown: [
      'tasks.yaml:2:3: tasks: __proto__ cannot be a key',
      '  __proto__: {schedule: "@daily", command: run}',
      '  ^',
    ],
  },
  'an anchor that contains itself': {
    file: ['x-a: &a [*a]', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:10: x-a[0]: not valid YAML: there is no anchor "a" before this alias',
      'x-a: &a [*a]',
      '         ^',
      'hint: text that begins with * needs quotes',
    ],
  },
  'a merge key whose value is not a map': {
    file: ['tasks:', '  a:', '    <<: [1]', '    schedule: "@daily"', '    command: run'],
    shown: [
      'tasks.yaml:3:5: tasks.a.<<: expected a map, or an alias of one, after <<',
      '    <<: [1]',
      '    ^',
    ],
  },
  'an escape for a NUL character': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: "a\\0b"'],
    shown: [
      'tasks.yaml:4:14: tasks.backup.command: expected text without a NUL character',
      '    command: "a\\0b"',
      '             ^',
    ],
  },
  'an escape for half a character': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: [echo, "\\ud83d\\ude00 \\ude00"]',
    ],
    shown: [
      'tasks.yaml:4:21: tasks.backup.command[1]: expected text without half a character (\\ud800 to \\udfff)',
      '    command: [echo, "\\ud83d\\ude00 \\ude00"]',
      '                    ^',
    ],
  },
}

test.each(Object.entries(table))('bad YAML is reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})
