import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'an empty file': {
    file: [''],
    shown: ['tasks.yaml:1:1: expected a map with the key "tasks"; the file is empty'],
  },
  'only a comment': {
    file: ['# later'],
    shown: [
      'tasks.yaml:1:1: expected a map with the key "tasks"; the file is empty',
      '# later',
      '^',
    ],
  },
  'text instead of a map': {
    file: ['hello'],
    shown: ['tasks.yaml:1:1: expected a map with the key "tasks"; got "hello"', 'hello', '^'],
  },
  'a list, as in a file of gotorch': {
    file: ['[{"Command": "ls"}]'],
    shown: [
      'tasks.yaml:1:1: this is a file of gotorch, not a tasks file',
      '[{"Command": "ls"}]',
      '^',
      'hint: torch import gotorch tasks.yaml > new.yaml',
    ],
  },
  'a file without tasks': {
    file: ['timezone: UTC'],
    shown: ['tasks.yaml:1:1: tasks: expected a map of tasks; got nothing', 'timezone: UTC', '^'],
  },
  'tasks without content': {
    file: ['tasks:'],
    shown: [
      'tasks.yaml:1:1: tasks: expected a map; got nothing',
      'tasks:',
      '^',
      'hint: write {} if it has no tasks',
    ],
  },
  'tasks as a list': {
    file: ['tasks:', '  - backup'],
    shown: [
      'tasks.yaml:1:1: tasks: expected a map; got a list',
      'tasks:',
      '^',
      'hint: write each task under its name: { backup: { schedule: "@daily", command: ... } }',
    ],
  },
  'an unknown key': {
    file: ['task:', '  backup: {}', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:1: task: unknown key "task"',
      'task:',
      '^',
      'hint: did you mean "tasks"?',
    ],
  },
  'an unknown zone': {
    file: ['timezone: Asia/Shangai', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:1: timezone: unknown time zone "Asia/Shangai"',
      'timezone: Asia/Shangai',
      '^',
      'hint: did you mean "Asia/Shanghai"?',
    ],
  },
  'a zone in lower case': {
    file: ['timezone: europe/berlin', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:1: timezone: unknown time zone "europe/berlin"',
      'timezone: europe/berlin',
      '^',
      'hint: did you mean "Europe/Berlin"?',
    ],
  },
  'a zone that is a number': {
    file: ['timezone: 8', 'tasks: {}'],
    shown: [
      'tasks.yaml:1:1: timezone: expected text that is not empty; got 8',
      'timezone: 8',
      '^',
      'hint: put it in quotes',
    ],
  },
  'two documents': {
    file: ['tasks: {}', '---', 'tasks: {}'],
    shown: ['tasks.yaml:3:1: expected one YAML document; got a second one', 'tasks: {}', '^'],
  },
  'an older version of YAML': {
    file: ['%YAML 1.1', '---', 'tasks: {}'],
    shown: ['tasks.yaml:1:1: expected YAML 1.2; got 1.1', '%YAML 1.1', '^'],
  },
  'a NUL byte': {
    file: ['tasks: {}', '\0'],
    shown: [
      'tasks.yaml:2:1: not a text file: it contains the control character U+0000',
      '\ufffd',
      '^',
    ],
  },
  'bytes that are not UTF-8': {
    file: ['tasks: {}', '# caf\ufffd'],
    shown: [
      'tasks.yaml:2:6: not a text file: it contains bytes that are not UTF-8',
      '# caf\ufffd',
      '     ^',
    ],
  },
}

test.each(Object.entries(table))('a bad file is reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})
