import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseEnvFile } from '../../../src/tasks/file/env-file.ts'

const problemsOf = (text: string) => parseEnvFile(text).problems
const valuesOf = (text: string) => Object.fromEntries(parseEnvFile(text).values)

test.each([
  ['nothing', '', {}],
  ['comments and blank lines', '# a\n\n \n  # b="\n', {}],
  ['a comment in the last line', 'A=1\n# B=2', { A: '1' }],
  ['a byte order mark', '\ufeffA=1\n', { A: '1' }],
  ['lines that end with CRLF', 'A=1\r\nB="x\r\ny"\r\n', { A: '1', B: 'x\ny' }],
  ['blanks before a name, and export', '\n \n\tA=1\n  export\tB=2\n', { A: '1', B: '2' }],
  [
    'blanks around the =',
    'A\t=\t1\nB = two words\nC = # no value',
    { A: '1', B: 'two words', C: '' },
  ],
  ['a name twice', 'A=1\nA=2', { A: '2' }],
  [
    'names that JavaScript treats specially',
    '__proto__=1\nconstructor=2',
    Object.fromEntries([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]),
  ],
  ['a value without a line break at its end', 'A="1"', { A: '1' }],
  [
    'blanks without quotes',
    'A=two  words \t\nB=a #b\nC=x=1 -Dy=2',
    { A: 'two  words', B: 'a', C: 'x=1 -Dy=2' },
  ],
  [
    'characters that sh wants in quotes',
    'A=http://h/?a=1&b=(2)|<>;c=3',
    { A: 'http://h/?a=1&b=(2)|<>;c=3' },
  ],
  [
    'what sh would expand',
    'A=$HOME/~/*\nB="`date` ${X:-\'}"\nC=$(date +%F)',
    { A: '$HOME/~/*', B: "`date` ${X:-'}", C: '$(date +%F)' },
  ],
  ['blanks of other scripts', 'A=\u00a0x\u00a0', { A: '\u00a0x\u00a0' }],
])('an env file may contain %s', (_name, text, values) => {
  expect(problemsOf(text)).toEqual([])
  expect(valuesOf(text)).toEqual(values)
})

test.each([
  [
    'a # within a word',
    'A=pa#ss\nB=#first\nC=redis://:p#w@h:6379/0',
    { A: 'pa#ss', B: '#first', C: 'redis://:p#w@h:6379/0' },
  ],
  ['a comment after a value', 'A=x # c\nB="x" # c "\nC="x"#y', { A: 'x', B: 'x', C: 'x#y' }],
  [
    'quotes within quotes',
    `A="say \\"hi\\" now"\nB='a"b'\nC="it's"`,
    { A: 'say "hi" now', B: 'a"b', C: "it's" },
  ],
  [
    'adjoining quotes',
    `A=a"b#c"d\nB='it''s'\nC='it'\\''s'\nD="a"'b'c`,
    { A: 'ab#cd', B: 'its', C: "it's", D: 'abc' },
  ],
  [
    'backslashes',
    'A=a\\ b\\#\\\\c\nB="a\\nb\\$\\`\\\\"\nC=\'a\\b\'',
    { A: 'a b#\\c', B: 'a\\nb$`\\', C: 'a\\b' },
  ],
  [
    'several lines',
    'A="-----BEGIN\n# x=1\nEND-----"\nB=1\\\n2\nC="1\\\n2"\nD=\'1\\\n2\'',
    { A: '-----BEGIN\n# x=1\nEND-----', B: '12', C: '12', D: '1\\\n2' },
  ],
  ['a backslash at the very end', 'A=1\\', { A: '1\\' }],
])('a value of an env file is what sh makes of it: %s', (_name, text, values) => {
  expect(problemsOf(text)).toEqual([])
  expect(valuesOf(text)).toEqual(values)
})

const around = 'expected quotes around the whole value; got text before or after them'

test.each([
  ['a line without =', 'A=1\nB\n', [[2, 'expected KEY=VALUE']]],
  [
    'a command',
    'export A\n. ./other.env',
    [
      [1, 'expected KEY=VALUE'],
      [2, 'expected KEY=VALUE'],
    ],
  ],
  ['a name with a digit first', '1A=1', [[1, 'expected KEY=VALUE']]],
  [
    'a name that a shell would not pass on',
    'a.b=1',
    [[1, 'a.b: expected a name of letters, digits and _ that does not begin with a digit']],
  ],
  ['a name of torch', 'TORCH_TASK=x', [[1, 'TORCH_TASK: torch sets it itself']]],
  ['text after a quote', '\nA="a" b\nB=1', [[2, around]]],
  [
    'text before a quote',
    'JSON={"k": "v#w"}\nB=a "b"\nC=a b\\ c',
    [
      [1, around],
      [2, around],
      [3, around],
    ],
  ],
  [
    'JSON without quotes',
    'A={"k":"v"}\nB=[1,2]\nC=\'{"k": 1}\'',
    [[1, 'expected JSON in single quotes; without them sh removes its double quotes']],
  ],
  [
    'a value over lines with text after it',
    'A="1\n2" x\nB=\'',
    [
      [1, around],
      [3, 'the quote is not closed'],
    ],
  ],
  [
    'an open quote, and what follows',
    'A="x\nB=1\nC\n',
    [
      [1, 'the quote is not closed'],
      [3, 'expected KEY=VALUE'],
    ],
  ],
  [
    'a quote that only an escaped one would close',
    'A="x \\"\nB=1',
    [[1, 'the quote is not closed']],
  ],
  [
    'two variables on a line',
    'A=1 B=2\nB="x y" C=2\nC=host=db port=1',
    [
      [1, 'expected one variable on a line; a value with blanks and = needs quotes'],
      [2, around],
      [3, 'expected one variable on a line; a value with blanks and = needs quotes'],
    ],
  ],
  [
    'a ; at the end',
    'A=1;\nB="x"; # c',
    [1, 2].map((line) => [
      line,
      'expected no ; after a value; if it is a part of the value, put it in quotes',
    ]),
  ],
  [
    'bytes that are not UTF-8',
    '# \ufffd\nA=\ufffd',
    [[2, 'the value contains bytes that are not UTF-8']],
  ],
  ['a NUL character', 'A=a\0b', [[1, 'the value contains a NUL character']]],
])('an env file with %s has a problem', (_name, text, problems) => {
  expect(problemsOf(text).map(({ line, message }) => [line, message])).toEqual(problems)
})

test('the other variables of a bad env file keep their values', () => {
  expect(valuesOf('A=1\nB="x" y\nC=3\nTORCH_X=1')).toEqual({ A: '1', C: '3' })
})

test('problems of an env file never show its values, which may be secret', () => {
  const bad = ['hunter2', 'A="hunter2', 'TORCH_X=hunter2', 'A="x" hunter2', 'A=hunter2 B=hunter2']
  for (const text of bad) expect(JSON.stringify(problemsOf(text))).not.toContain('hunter2')
})

test('the time to read an env file grows only with its size', () => {
  const line = `A="\\"'\\'\n`
  const count = Math.floor(1_000_000 / line.length)
  for (const text of [line, 'A="\n', "A='\n", 'A=\\\n', ' ', '"', 'A=x ']) {
    expect(parseEnvFile(text.repeat(count))).toBeDefined()
  }
})

describe('sh reads the same values', () => {
  let folder = ''
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-env-'))
  })
  afterAll(() => fs.rmSync(folder, { recursive: true }))

  /** The variables of each file, as sh reads them; undefined if it refuses the file. */
  function shellValues(texts: readonly string[]): (Record<string, string> | undefined)[] {
    for (const [at, text] of texts.entries()) fs.writeFileSync(path.join(folder, `${at}`), text)
    const script = `i=0; while [ $i -lt ${texts.length} ]; do
      (set -a; exec 2>/dev/null; . ./$i && exec "$ENV0" -0) || printf 'refused\\0'
      printf '\\0'; i=$((i+1)); done`
    const env = { ENV0: '/usr/bin/env' }
    const output = execFileSync('/bin/sh', ['-c', script], { cwd: folder, env, encoding: 'utf8' })
    const found: (Record<string, string> | undefined)[] = []
    let values: Record<string, string> | undefined = {}
    for (const entry of output.split('\0').slice(0, -1)) {
      const [, name, value = ''] = /^(.+?)=(.*)$/s.exec(entry) ?? []
      if (entry === '') {
        found.push(values)
        values = {}
      } else if (name === undefined) values = undefined
      else if (!['PWD', 'OLDPWD', 'ENV0'].includes(name)) values = { ...values, [name]: value }
    }
    return found
  }

  // Without what sh expands ($ ` ~), and what it wants in quotes (; & | < > ( )).
  const piece = fc.constantFrom(
    ...[
      'a',
      'B',
      '=',
      '#',
      ' ',
      '\t',
      '"',
      "'",
      '\\',
      '\n',
      '""',
      '{',
      '*',
      '/',
      ':',
      '!',
      'é',
      '\\"',
      "''",
      ' #',
      '" ',
      '\\\n',
    ],
  )
  const value = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
  const lineOf = fc.record({
    name: fc.constantFrom('A', 'B', 'C'),
    before: fc.constantFrom('', 'export ', ' ', '# x\n', '\n'),
    value,
  })
  const files = fc
    .array(lineOf, { minLength: 1, maxLength: 3 })
    .map((lines) =>
      lines.map(({ name, before, value: written }) => `${before}${name}=${written}\n`).join(''),
    )

  /** Whether a file has blanks where sh, but not torch, wants quotes. */
  function hasBlanks(text: string): boolean {
    const part = /(?<=(?:(?<!\\)\n|[ \t])(?:\\\n)*)#.*|\\\n|\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"/g
    const outside = `\n${text}`.replaceAll(part, (found) => (/^(?:#|\\\n)/.test(found) ? '' : '_'))
    return /=(?:.*\S)?[ \t]+\S/.test(outside)
  }

  test('each value of an env file is what sh makes of it, or has a problem', () => {
    const texts = fc.sample(files, { numRuns: 500 })
    const clear = texts.filter((text) => problemsOf(text).length === 0 && !hasBlanks(text))
    expect(clear.length).toBeGreaterThan(100)
    const theirs = shellValues(clear)
    const both = clear.map((text, at) => ({ text, ours: valuesOf(text), sh: theirs[at] }))
    expect(both.filter(({ ours, sh }) => !isDeepStrictEqual(ours, sh))).toEqual([])
  })
})
