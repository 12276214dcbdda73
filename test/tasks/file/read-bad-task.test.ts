import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'a name with a blank': {
    file: ['tasks:', '  my task: {schedule: "@daily", command: run}'],
    shown: [
      'tasks.yaml:2:3: tasks.my task: expected a name of at most 100 letters, digits, ".", "_" and "-" that begins with a letter or digit; got "my task"',
      '  my task: {schedule: "@daily", command: run}',
      '  ^',
      'hint: did you mean "my-task"?',
    ],
  },
  'a name with a slash': {
    file: ['tasks:', '  ../etc: {schedule: "@daily", command: run}'],
    shown: [
      'tasks.yaml:2:3: tasks.../etc: expected a name of at most 100 letters, digits, ".", "_" and "-" that begins with a letter or digit; got "../etc"',
      '  ../etc: {schedule: "@daily", command: run}',
      '  ^',
      'hint: did you mean "etc"?',
    ],
  },
  'a name that is too long': {
    file: [
      'tasks:',
      '  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: {schedule: "@daily", command: run}',
    ],
    shown: [
      'tasks.yaml:2:3: tasks.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: expected a name of at most 100 letters, digits, ".", "_" and "-" that begins with a letter or digit; got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
      '  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…',
      '  ^',
    ],
  },
  'a task without content': {
    file: ['tasks:', '  backup:'],
    shown: [
      'tasks.yaml:2:3: tasks.backup: expected a map; got nothing',
      '  backup:',
      '  ^',
      'hint: write the keys of the task below its name: schedule, command',
    ],
  },
  'a task that is text': {
    file: ['tasks:', '  backup: run'],
    shown: [
      'tasks.yaml:2:3: tasks.backup: expected a map; got "run"',
      '  backup: run',
      '  ^',
      'hint: write the keys of the task below its name: schedule, command',
    ],
  },
  'a misspelt key': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    timout: 5m'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.timout: unknown key "timout"',
      '    timout: 5m',
      '    ^',
      'hint: did you mean "timeout"?',
    ],
  },
  'an unknown key that is not like any other': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    colour: red'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.colour: unknown key "colour"',
      '    colour: red',
      '    ^',
    ],
  },
  'a misspelt command': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    comand: run'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.comand: unknown key "comand"',
      '    comand: run',
      '    ^',
      'hint: did you mean "command"?',
    ],
  },
  'a missing command': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"'],
    shown: [
      'tasks.yaml:2:3: tasks.backup.command: expected a command: text for the shell, or a list of words; got nothing',
      '  backup:',
      '  ^',
    ],
  },
  'an empty command': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: ""'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.command: expected text that is not empty; got ""',
      '    command: ""',
      '    ^',
    ],
  },
  'a command that is a number': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: 5'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.command: expected a command: text for the shell, or a list of words; got 5',
      '    command: 5',
      '    ^',
      'hint: put it in quotes: "5"',
    ],
  },
  'a command that is an empty list': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: []'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.command: expected a list of words that begins with the program; got an empty list',
      '    command: []',
      '    ^',
    ],
  },
  'a command whose program is empty': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: ["", x]'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.command: expected a list of words that begins with the program; got a list',
      '    command: ["", x]',
      '    ^',
    ],
  },
  'a command that contains a list': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: [run, [x]]'],
    shown: [
      'tasks.yaml:4:20: tasks.backup.command[1]: expected text, a number, true or false; got a list',
      '    command: [run, [x]]',
      '                   ^',
    ],
  },
  'a missing schedule': {
    file: ['tasks:', '  backup:', '    command: run'],
    shown: [
      'tasks.yaml:2:3: tasks.backup.schedule: expected a schedule; got nothing',
      '  backup:',
      '  ^',
      'hint: only tasks with after, and those of type daemon and manual, have no schedule',
    ],
  },
  'a misspelt schedule': {
    file: ['tasks:', '  backup:', '    command: run', '    shedule: "@daily"'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.shedule: unknown key "shedule"',
      '    shedule: "@daily"',
      '    ^',
      'hint: did you mean "schedule"?',
    ],
  },
  'an empty list of schedules': {
    file: ['tasks:', '  backup:', '    command: run', '    schedule: []'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.schedule: expected a schedule such as "30 2 * * *", or a list of schedules; got an empty list',
      '    schedule: []',
      '    ^',
    ],
  },
  'an hour out of range': {
    file: ['tasks:', '  backup:', '    command: run', '    schedule: "0 25 * * *"'],
    shown: [
      'tasks.yaml:4:5: tasks.backup.schedule: hour: 25 is out of range; hours are 0-23',
      '    schedule: "0 25 * * *"',
      '    ^',
    ],
  },
  'one bad schedule of two': {
    file: ['tasks:', '  backup:', '    command: run', '    schedule: ["@daily", "@dayly"]'],
    shown: [
      'tasks.yaml:4:26: tasks.backup.schedule[1]: unknown nickname "@dayly"; torch knows @yearly @annually @monthly @weekly @daily @midnight @hourly @minutely @secondly @every @at @reboot',
      '    schedule: ["@daily", "@dayly"]',
      '                         ^',
      'hint: did you mean "@daily"?',
    ],
  },
  'a daemon task with a schedule': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    type: daemon'],
    shown: [
      'tasks.yaml:3:5: tasks.backup.schedule: not allowed for a daemon task: torch keeps it running all the time',
      '    schedule: "@daily"',
      '    ^',
    ],
  },
  'a daemon task with max: unlimited': {
    file: ['tasks:', '  backup:', '    command: run', '    type: daemon', '    max: unlimited'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.max: expected a whole number for a daemon task; got "unlimited"',
      '    max: unlimited',
      '    ^',
    ],
  },
}

test.each(Object.entries(table))('a bad task is reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})
