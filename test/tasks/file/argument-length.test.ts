import { expect, test } from 'vitest'
import { parseEnvFile } from '../../../src/tasks/file/env-file.ts'
import type { TasksFacts } from '../../../src/tasks/file/settings.ts'
import { oneTask, problemsOf } from '../../support/tasks.ts'

/** The problems of a file: the key, the message and the hint of each. */
function problems(text: string, more: Partial<TasksFacts> = {}): string[] {
  return problemsOf(text, more).map(
    ({ severity, path, message, hint }) => `${severity} ${path}: ${message}; ${hint}`,
  )
}

const inFile = 'put it in a file, and give the command the path of the file'
const mostInFile = 'put most of it in a file, and give the command the path of the file'
const mostBytes = 131_063

function variable(bytes: number, letter = 'x'): string {
  return letter.repeat((bytes - 'DATA='.length) / new TextEncoder().encode(letter).length)
}

test('a variable may have as many bytes as the system passes to a program', () => {
  expect(problems(oneTask(`env: { DATA: ${variable(mostBytes)} }`))).toEqual([])
})

test.each([
  ['x', mostBytes + 1],
  ['ü', mostBytes + 4],
])(
  'a variable of more bytes is an error where it is written, whatever its letters: %s',
  (letter, bytes) => {
    const text = `expected at most ${mostBytes} bytes together with the name; got ${bytes}; ${inFile}`
    const value = variable(bytes, letter)
    expect(problems(oneTask(`env: { DATA: ${value} }`))).toEqual([
      `error tasks.backup.env.DATA: ${text}`,
    ])
    expect(
      problems(
        `defaults: { env: { DATA: ${value} } }\n${oneTask()}${oneTask().slice(7).replace('backup', 'other')}`,
      ),
    ).toEqual([`error defaults.env.DATA: ${text}`])
  },
)

test('a value of an env_file that is too long is a problem of its line', () => {
  expect(parseEnvFile(`A=1\nDATA=${variable(mostBytes + 1)}\n`).problems).toEqual([
    {
      line: 2,
      message: `DATA: expected at most ${mostBytes} bytes together with the name; got ${mostBytes + 1}`,
    },
  ])
})

test('a command that is too long says how long it is, and where to put it', () => {
  const hint = 'put the script in a file, and run the file'
  const tooLong = `expected text of at most 32768 characters; got 32769; ${hint}`
  const text = 'x'.repeat(32_769)
  expect(problems(`tasks:\n  a: { schedule: "@daily", command: ${text} }\n`)).toEqual([
    `error tasks.a.command: ${tooLong}`,
  ])
  expect(problems(`tasks:\n  a: { schedule: "@daily", command: [echo, ${text}] }\n`)).toEqual([
    `error tasks.a.command[1]: ${tooLong}`,
  ])
  expect(problems(oneTask(`shell: /${text}`))).toEqual([
    'error tasks.backup.shell: expected text of at most 32768 characters; got 32770; null',
  ])
})

/** Texts for aliases, because it takes seconds to read them often. */
const texts = `x-value: &value ${'x'.repeat(100_000)}\nx-word: &word ${'x'.repeat(30_000)}\n`

function variables(count: number): string {
  return `env: { ${Array.from({ length: count }, (_, at) => `V${at}: *value`).join(', ')} }`
}

test('a command and its variables may not be longer together than this machine allows', () => {
  const bounds = { limits: {}, argumentBytes: 2 ** 21 }
  const found = (...lines: string[]) => problems(texts + oneTask(...lines), { bounds })
  const tooLong = (path: string, bytes: number, most: number) =>
    `error tasks.backup.${path}: command and env need ${bytes} bytes together; the system passes at most ${most} to a program; ${mostInFile}`
  expect(found(variables(20))).toEqual([])
  expect(found(variables(21))).toEqual([tooLong('env', 2_117_816, 2 ** 21)])
  // Another machine may allow more, up to what every machine allows.
  expect(found(variables(21), 'hosts: [10.9.9.9]')).toEqual([])
  expect(found(variables(21), 'enabled: false')).toEqual([])
  expect(found(variables(63), 'enabled: false')).toEqual([tooLong('env', 6_320_630, 6 * 2 ** 20)])
  const words = Array.from({ length: 70 }, () => '*word').join(', ')
  const long = texts + oneTask('env: { A: b }').replace('command: run', `command: [${words}]`)
  expect(problems(long, { bounds })).toEqual([tooLong('command', 2_118_690, 2 ** 21)])
})
