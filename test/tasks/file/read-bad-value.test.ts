import { expect, test } from 'vitest'
import { formatted } from '../../support/tasks.ts'

/** Each bad file, line by line, and every line that torch shows about it. */
const table: Readonly<Record<string, { file: readonly string[]; shown: readonly string[] }>> = {
  'an unknown type': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    type: cron'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.type: expected "common", "daemon" or "manual"; got "cron"',
      '    type: cron',
      '    ^',
      'hint: did you mean "common"?',
    ],
  },
  'a max in letters': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    max: three'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got "three"',
      '    max: three',
      '    ^',
    ],
  },
  'a max of 0': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    max: 0'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got 0',
      '    max: 0',
      '    ^',
      'hint: write "unlimited", or enabled: false to switch the task off',
    ],
  },
  'a max that is a fraction': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    max: 1.5'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.max: expected a whole number of at least 1, or "unlimited"; got 1.5',
      '    max: 1.5',
      '    ^',
    ],
  },
  'an overlap that is cut short': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    overlap: que'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.overlap: expected "skip", "queue" or "replace"; got "que"',
      '    overlap: que',
      '    ^',
      'hint: did you mean "queue"?',
    ],
  },
  'a duration without a unit': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    timeout: 30'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.timeout: expected a duration of more than 0, such as 30s, 5m or 1h30m; got 30',
      '    timeout: 30',
      '    ^',
      'hint: did you mean "30s"?',
    ],
  },
  'a duration without a unit, in quotes': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    kill_after: "30"',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.kill_after: expected a duration with a unit, such as 30s, 5m or 1h30m; got "30"',
      '    kill_after: "30"',
      '    ^',
      'hint: did you mean "30s"?',
    ],
  },
  'a negative duration': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    jitter: -5s'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.jitter: expected a duration with a unit, such as 30s, 5m or 1h30m; got "-5s"',
      '    jitter: -5s',
      '    ^',
    ],
  },
  'a timeout of 0': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    timeout: 0s'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.timeout: expected a duration of more than 0, such as 30s, 5m or 1h30m; got "0s"',
      '    timeout: 0s',
      '    ^',
    ],
  },
  'a duration with an unknown unit': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    catchup_window: 5 minutes',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.catchup_window: expected a duration with a unit, such as 30s, 5m or 1h30m; got "5 minutes"',
      '    catchup_window: 5 minutes',
      '    ^',
      'hint: did you mean "5m"?',
    ],
  },
  'a retry that is a number': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    retry: 3'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.retry: expected a map; got 3',
      '    retry: 3',
      '    ^',
      'hint: did you mean { attempts: 3 }?',
    ],
  },
  'too many attempts': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    retry: { attempts: 1001 }',
    ],
    shown: [
      'tasks.yaml:5:14: tasks.backup.retry.attempts: expected a whole number from 0 to 1000; got 1001',
      '    retry: { attempts: 1001 }',
      '             ^',
    ],
  },
  'a misspelt key in retry': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    retry: { attempt: 3 }',
    ],
    shown: [
      'tasks.yaml:5:14: tasks.backup.retry.attempt: unknown key "attempt"',
      '    retry: { attempt: 3 }',
      '             ^',
      'hint: did you mean "attempts"?',
    ],
  },
  'a backoff below 1': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    retry: { backoff: 0.5 }',
    ],
    shown: [
      'tasks.yaml:5:14: tasks.backup.retry.backoff: expected a number from 1 to 100; got 0.5',
      '    retry: { backoff: 0.5 }',
      '             ^',
    ],
  },
  'an exit code out of range': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    success_codes: [0, 256]',
    ],
    shown: [
      'tasks.yaml:5:24: tasks.backup.success_codes[1]: expected an exit code from 0 to 255; got 256',
      '    success_codes: [0, 256]',
      '                       ^',
    ],
  },
  'an empty list of exit codes': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    success_codes: []',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.success_codes: expected a list of at least one exit code; got an empty list',
      '    success_codes: []',
      '    ^',
    ],
  },
  'a shell without a path': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    shell: bash'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.shell: expected an absolute path, such as /bin/bash; got "bash"',
      '    shell: bash',
      '    ^',
      'hint: did you mean "/bin/bash"?',
    ],
  },
  'a cwd with ~': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    cwd: ~/app'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.cwd: expected a path without ~; got "~/app"',
      '    cwd: ~/app',
      '    ^',
      'hint: write the absolute path; only a shell expands ~',
    ],
  },
  'a umask that is not octal': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    umask: 0999'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.umask: expected octal digits from 0 to 0777, such as 022; got 0999',
      '    umask: 0999',
      '    ^',
    ],
  },
  'a nice value out of range': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    nice: 20'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.nice: expected a whole number from -20 to 19; got 20',
      '    nice: 20',
      '    ^',
    ],
  },
  'a size without a unit': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    limits: { memory: 512 }',
    ],
    shown: [
      'tasks.yaml:5:15: tasks.backup.limits.memory: expected a size with a unit, such as 512kB, 10MB or 1GiB; got 512',
      '    limits: { memory: 512 }',
      '              ^',
      'hint: did you mean "512MB"?',
    ],
  },
  'a size with an unknown unit': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    output: { max_size: 10 apples }',
    ],
    shown: [
      'tasks.yaml:5:15: tasks.backup.output.max_size: expected a size with a unit, such as 512kB, 10MB or 1GiB; got "10 apples"',
      '    output: { max_size: 10 apples }',
      '              ^',
    ],
  },
  'a bad cpu limit': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    limits: { cpu: 0 }',
    ],
    shown: [
      'tasks.yaml:5:15: tasks.backup.limits.cpu: expected a whole number of seconds of at least 1, or a duration such as 5m; got 0',
      '    limits: { cpu: 0 }',
      '              ^',
    ],
  },
  'an unknown limit': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    limits: { files: 5 }',
    ],
    shown: [
      'tasks.yaml:5:15: tasks.backup.limits.files: unknown key "files"',
      '    limits: { files: 5 }',
      '              ^',
    ],
  },
  'a user in a daemon that does not run as root': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    user: www-data',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.user: only a daemon that runs as root can change the user',
      '    user: www-data',
      '    ^',
    ],
  },
  'a group in a daemon that does not run as root': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    group: 33'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.group: only a daemon that runs as root can change the group',
      '    group: 33',
      '    ^',
    ],
  },
  'a bad name of a variable': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env: { 1ST: a }',
    ],
    shown: [
      'tasks.yaml:5:12: tasks.backup.env.1ST: expected a name of letters, digits and _ that does not begin with a digit; got "1ST"',
      '    env: { 1ST: a }',
      '           ^',
    ],
  },
  'a variable whose name is reserved for torch': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env: { TORCH_TASK: a }',
    ],
    shown: [
      'tasks.yaml:5:12: tasks.backup.env.TORCH_TASK: expected a name that does not begin with TORCH_: torch sets those itself; got "TORCH_TASK"',
      '    env: { TORCH_TASK: a }',
      '           ^',
    ],
  },
  'a variable without a value': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env:',
      '      A:',
    ],
    shown: [
      'tasks.yaml:6:7: tasks.backup.env.A: expected text, a number, true or false; got nothing',
      '      A:',
      '      ^',
      'hint: write "" for an empty value',
    ],
  },
  'an env that is text, which may be a secret': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env: "TOKEN=secret"',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.env: expected a map; got text',
      '    env: "TOKEN=secret"',
      '    ^',
      'hint: write { NAME: value }',
    ],
  },
  'a variable that is a list': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env: { A: [1] }',
    ],
    shown: [
      'tasks.yaml:5:12: tasks.backup.env.A: expected text, a number, true or false; got a list',
      '    env: { A: [1] }',
      '           ^',
    ],
  },
  'an env_file that does not exist': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env_file: gone.env',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.env_file: cannot be used: /srv/gone.env: is not there',
      '    env_file: gone.env',
      '    ^',
    ],
  },
  'an env_file with bad lines': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    env_file: bad.env',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.env_file: cannot be used: /srv/bad.env:2: expected KEY=VALUE',
      '    env_file: bad.env',
      '    ^',
    ],
  },
  'a bad name of a label': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    labels: { "team x": data }',
    ],
    shown: [
      'tasks.yaml:5:15: tasks.backup.labels.team x: expected a name without spaces and =; got "team x"',
      '    labels: { "team x": data }',
      '              ^',
    ],
  },
  'an enabled that is text': {
    file: ['tasks:', '  backup:', '    schedule: "@daily"', '    command: run', '    enabled: yes'],
    shown: [
      'tasks.yaml:5:5: tasks.backup.enabled: expected true or false; got "yes"',
      '    enabled: yes',
      '    ^',
      'hint: did you mean true?',
    ],
  },
  'an abbreviation as zone': {
    file: ['tasks:', '  a: { schedule: "0 9 * * *", timezone: BST, command: date }'],
    shown: [
      'tasks.yaml:2:31: tasks.a.timezone: unknown time zone "BST"',
      '  a: { schedule: "0 9 * * *", timezone: BST, command: date }',
      '                              ^',
      'hint: did you mean "Europe/London"?',
    ],
  },
  'an unknown zone of a task': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    timezone: Mars/Olympus',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.timezone: unknown time zone "Mars/Olympus"',
      '    timezone: Mars/Olympus',
      '    ^',
      'hint: write an IANA name, such as Europe/Berlin',
    ],
  },
  'a number instead of text': {
    file: [
      'tasks:',
      '  backup:',
      '    schedule: "@daily"',
      '    command: run',
      '    description: 5',
    ],
    shown: [
      'tasks.yaml:5:5: tasks.backup.description: expected text that is not empty; got 5',
      '    description: 5',
      '    ^',
      'hint: put it in quotes',
    ],
  },
}

test.each(Object.entries(table))('a bad value is reported: %s', (_name, { file, shown }) => {
  expect(formatted(`${file.join('\n')}\n`)).toBe(shown.join('\n'))
})
