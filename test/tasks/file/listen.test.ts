import { describe, expect, test } from 'vitest'
import type { Task } from '../../../src/tasks/task.ts'
import { good, problemsOf } from '../../support/tasks.ts'

function file(listen: string): string {
  return `tasks:\n  a: { type: daemon, command: [x], listen: ${listen} }\n`
}

function addresses(listen: string): Task['listen'] | undefined {
  return good(file(listen)).tasks[0]?.listen
}

const tcp = { name: undefined, kind: 'tcp' }

describe('a good address', () => {
  test.each<[string, object]>([
    ['80', { host: undefined, port: 80, text: '80' }],
    ['"8080"', { host: undefined, port: 8080, text: '8080' }],
    ['65535', { host: undefined, port: 65_535, text: '65535' }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80, text: '0.0.0.0:80' }],
    ['"127.0.0.1:8080"', { host: '127.0.0.1', port: 8080, text: '127.0.0.1:8080' }],
    ['"[::]:80"', { host: '::', port: 80, text: '[::]:80' }],
    ['"[2001:DB8:0:0::1]:80"', { host: '2001:db8::1', port: 80, text: '[2001:db8::1]:80' }],
  ])('%s is read', (written, meant) => {
    expect(addresses(written)).toEqual([{ ...tcp, ...meant }])
  })

  test('a path of a Unix socket is read', () => {
    const [path, text] = ['/run/app/a.sock', 'unix:/run/app/a.sock']
    expect(addresses('unix:/run/app/a.sock')).toEqual([
      { name: undefined, kind: 'unix', path, text },
    ])
  })

  test('a list and a map keep their order, and a map gives names', () => {
    expect(addresses('[82, 81, 80]')?.map(({ text }) => text)).toEqual(['82', '81', '80'])
    expect(addresses('{ web: 82, admin: "unix:/run/a", b-2: 80 }')).toMatchObject([
      { name: 'web', port: 82 },
      { name: 'admin', kind: 'unix' },
      { name: 'b-2', port: 80 },
    ])
  })
})

describe('a bad address', () => {
  test.each([
    ['80.5', null],
    ['":80"', 'did you mean "80"?'],
    ['"*:80"', 'did you mean "80"?'],
    ['80/tcp', 'did you mean "80"?'],
    ['localhost:80', 'did you mean "127.0.0.1:80"?'],
    ['www.example.com:80', 'write an address of the machine: a name can mean several'],
    ['"::1:80"', 'did you mean "[::1]:80"?'],
    ['http://0.0.0.0:80', 'did you mean "0.0.0.0:80"?'],
    ['/run/a.sock', 'did you mean "unix:/run/a.sock"?'],
    ['unix:run/a.sock', 'did you mean "unix:/run/a.sock"?'],
    ['unix:/run/../a', null],
    ['unix:/run/', 'did you mean "unix:/run"?'],
    [`unix:/${'x'.repeat(107)}`, null],
    ['"[fe80::1%eth0]:80"', null],
    ['"[1.2.3.4]:80"', null],
    ['010.0.0.1:80', null],
    ['256.0.0.1:80', null],
    ['"0.0.0.0"', null],
    ['true', null],
  ])('%s is reported', (written, hint) => {
    expect(problemsOf(file(written))).toMatchObject([
      {
        path: 'tasks.a.listen',
        message: expect.stringMatching(
          /^expected an address such as 80, .*, or a list or map of at most three; got /,
        ),
        hint,
      },
    ])
  })

  test.each([
    ['0', 'a port from 1 to 65535; got 0'],
    ['-1', 'a port from 1 to 65535; got -1'],
    ['65536', 'a port from 1 to 65535; got 65536'],
    ['"0.0.0.0:70000"', 'a port from 1 to 65535; got "0.0.0.0:70000"'],
    ['"[::1]:080"', 'a port from 1 to 65535; got "[::1]:080"'],
    ['[]', 'one to three addresses; got 0'],
    ['{}', 'one to three addresses; got 0'],
    ['[1, 2, 3, 4]', 'one to three addresses; got 4'],
    ['{ a: 1, b: 2, c: 3, d: 4 }', 'one to three addresses; got 4'],
  ])('%s is reported by its numbers', (written, message) => {
    expect(problemsOf(file(written))).toMatchObject([
      { path: 'tasks.a.listen', message: `expected ${message}`, hint: null },
    ])
    if (!message.includes('port')) return
    expect(problemsOf(file(`[80, ${written}]`))).toMatchObject([
      { path: 'tasks.a.listen[1]', message: `expected ${message}` },
    ])
  })

  test('a bad address in a list or a map is reported where it is', () => {
    expect(problemsOf(file('[80, ":81"]'))).toMatchObject([
      { path: 'tasks.a.listen[1]', hint: 'did you mean "81"?' },
    ])
    expect(problemsOf(file('{ a: 80, b: ":81" }'))).toMatchObject([
      { path: 'tasks.a.listen.b', hint: 'did you mean "81"?' },
    ])
  })

  test('a name that LISTEN_FDNAMES cannot have is reported', () => {
    expect(problemsOf(file('{ "a:b": 80 }'))).toMatchObject([
      {
        path: 'tasks.a.listen.a:b',
        message: expect.stringContaining('expected a name of letters'),
      },
    ])
  })
})
