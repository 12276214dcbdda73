import { describe, expect, test } from 'vitest'
import { oneLine, problemsOf } from '../../support/tasks.ts'

const groups = 'hosts: { web: [10.0.1.0/24, web1], db: [10.0.2.11, db1] }\n'

/** The problems of daemon tasks with these keys, with their hints. */
function problems(...tasks: readonly string[]): string[] {
  const lines = tasks.map((keys, at) => `  t${at + 1}: { type: daemon, command: [x], ${keys} }\n`)
  return problemsOf(`${groups}tasks:\n${lines.join('')}`).map(oneLine)
}

describe('two tasks with one address', () => {
  const taken =
    '80 is also an address of "t1" (tasks.yaml:3:3), and both can run on one machine (choose another address, or hosts that exclude each other)'

  test.each([
    ['no hosts', '', ''],
    ['the same group', 'hosts: [web], ', 'hosts: [web], '],
    ['a machine of a group', 'hosts: [web], ', 'hosts: [web1], '],
    ['a machine of a block', 'hosts: [web], ', 'hosts: [10.0.1.7], '],
    ['hosts and no hosts', 'hosts: [db], ', ''],
    ['all but one machine, and another one', 'hosts: ["!web1"], ', 'hosts: [db1], '],
    ['two patterns', 'hosts: ["web-*"], ', 'hosts: ["*-eu.example"], '],
    ['a pattern and a name in it', 'hosts: ["*.example.com"], ', 'hosts: [a.example.com], '],
  ])('two tasks with one address are an error if one machine can run both: %s', (_what, a, b) => {
    expect(problems(`${a}listen: 80`, `${b}listen: [81, 80]`)).toEqual([
      `tasks.t2.listen[1]: ${taken}`,
    ])
  })

  test.each([
    ['different groups', 'hosts: [web], ', 'hosts: [db], '],
    ['a group and all others', 'hosts: [web], ', 'hosts: ["!web"], '],
    [
      'a machine and all others of its block',
      'hosts: [10.0.1.7], ',
      'hosts: [10.0.1.0/24, "!10.0.1.7"], ',
    ],
    [
      'two patterns that exclude each other',
      'hosts: ["web-*"], ',
      'hosts: ["*-eu.example", "!web-*"], ',
    ],
    ['one that is switched off', '', 'enabled: false, '],
  ])('two tasks with one address are good if no machine runs both: %s', (_what, a, b) => {
    expect(problems(`${a}listen: 80`, `${b}listen: 80`)).toEqual([])
  })

  test.each([
    ['0.0.0.0:80', '127.0.0.1:80', true],
    ['80', '127.0.0.1:80', true],
    ['80', '[::1]:80', true],
    ['[::]:80', '[::1]:80', true],
    ['unix:/run/a', 'unix:/run/a', true],
    ['0.0.0.0:80', '[::]:80', false],
    ['127.0.0.1:80', '127.0.0.2:80', false],
    ['80', '81', false],
    ['unix:/run/a', 'unix:/run/b', false],
  ])('the addresses %s and %s collide: %s', (one, other, isCollision) => {
    expect(problems(`listen: "${one}"`, `listen: "${other}"`)).toHaveLength(isCollision ? 1 : 0)
    expect(problems(`listen: ["${other}", "${one}"]`)).toHaveLength(isCollision ? 1 : 0)
  })

  test('an address that collides with another one is reported with both', () => {
    expect(problems('listen: { all: "0.0.0.0:80" }', 'listen: { own: "10.0.1.7:80" }')).toEqual([
      'tasks.t2.listen.own: 10.0.1.7:80 collides with 0.0.0.0:80 of "t1" (tasks.yaml:3:3), and both can run on one machine (choose another address, or hosts that exclude each other)',
    ])
    expect(problems('listen: [80, 80]')).toEqual(['tasks.t1.listen[1]: 80 is given twice'])
    expect(problems('listen: [80, "[::1]:80"]')).toEqual([
      'tasks.t1.listen[1]: [::1]:80 collides with 80',
    ])
  })
})

test('a variable of torch cannot be set beside listen, also not by the defaults', () => {
  const hint = '(remove LISTEN_FDS from env: torch sets these variables itself)'
  expect(problems('listen: 80, env: { LISTEN_FDS: 1, PORT: 1 }')).toEqual([
    `tasks.t1.env.LISTEN_FDS: LISTEN_FDS cannot be set with listen ${hint}`,
  ])
  expect(problems('env: { LISTEN_FDS: 1 }')).toEqual([])
  const text =
    'defaults: { env: { LISTEN_FDS: 1 } }\ntasks: { a: { type: daemon, command: [x], listen: 1 } }'
  expect(problemsOf(text).map(oneLine)).toEqual([
    `tasks.a.listen: LISTEN_FDS cannot be set with listen ${hint}`,
  ])
})

describe('a shell between torch and the program', () => {
  function isWarned(command: string, more = ''): boolean {
    const task = { type: 'daemon', command, listen: 80 }
    const text = JSON.stringify({ tasks: { a: task } }).replace('"listen"', `${more}"listen"`)
    const found = problemsOf(text).map(oneLine)
    const warning =
      'warning: tasks.a.command: shell-between: the shell stays between torch and the program, and LISTEN_PID is not the pid of the program (write exec before the last command)'
    expect(found.every((one) => one === warning)).toBe(true)
    return found.length === 1
  }

  test.each([
    'node server.js',
    'exec true; node server.js',
    'cd /srv && node server.js',
    'exec node server.js | tee log',
    'echo exec node server.js',
    'echo "; exec node server.js"',
    "echo '\nexec node'",
    'node server.js # exec node server.js',
    'while :; do exec node; done',
    'execute server',
  ])('the shell stays for %j', (command) => {
    expect(isWarned(command)).toBe(true)
  })

  test.each([
    'exec node server.js',
    'cd /srv && exec node server.js',
    'cd /srv\nexec node server.js 2>&1\n',
    'A=1 exec node server.js # serves',
    'echo "a; b" && exec node "x;y" \\; z',
    'if test -f x; then exec node x; else exec node y; fi',
    'exec node server.js >log 2>&1 &',
    'cd a#b || exit 1; exec node',
  ])('the shell does not stay for %j', (command) => {
    expect(isWarned(command)).toBe(false)
  })

  test('bash and zsh run the last command without a shell in between', () => {
    expect(isWarned('cd /srv; node server.js', '"shell":"/bin/bash",')).toBe(false)
    expect(isWarned('node server.js', '"shell":"/bin/dash",')).toBe(true)
  })

  test('only a task that listens is looked at', () => {
    expect(problemsOf('tasks: { a: { type: daemon, command: node x } }')).toEqual([])
  })
})

test('a machine that cannot listen gets a warning for its own tasks only', () => {
  const text = (more: string) => `tasks: { a: { type: daemon, command: [x], listen: 80${more} } }`
  const facts = { whyNoListen: 'koffi cannot be loaded' }
  expect(problemsOf(text(''), facts).map(oneLine)).toEqual([
    'warning: tasks.a.listen: cannot listen on this machine: koffi cannot be loaded (see torch doctor)',
  ])
  expect(problemsOf(text(', hosts: ["!web1.example"]'), facts)).toHaveLength(1)
  expect(problemsOf(text(', hosts: [10.9.9.9]'), facts)).toEqual([])
})

test('a file with very many tasks on one port is read in a bounded time', () => {
  const names = Array.from({ length: 3000 }, (_, at) => `h${at}.example`)
  const lines = names.map(
    (name) => `  "${name}": { type: daemon, command: [x], listen: 80, hosts: [${name}] }\n`,
  )
  expect(problemsOf(`tasks:\n${lines.join('')}`)).toEqual([])
})
