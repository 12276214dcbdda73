import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { checkEnvFile, plainEnv } from '../../../src/tasks/file/env-file.ts'

test.each([
  ['nothing', ''],
  ['comments and blank lines', '# a\n\n  # b\n'],
  ['values of all kinds', 'A=1\nB = two words\nC=\nexport D="x=y"\nE=\'# no comment\'\n_F9=1'],
  ['CRLF', 'A=1\r\nB=2\r\n'],
  ['a value over several lines', 'KEY="-----BEGIN\nno assignment\nEND-----"\nB=2\n'],
])('an env file may contain %s', (_name, text) => {
  expect(checkEnvFile(text)).toEqual([])
})

test.each([
  ['a line without =', 'A=1\nB\n', [{ line: 2, message: 'expected KEY=VALUE' }]],
  ['a name with a digit first', '1A=1', [{ line: 1, message: 'expected KEY=VALUE' }]],
  [
    'a name that a shell would not pass on',
    'a.b=1',
    [
      {
        line: 1,
        message: 'a.b: expected a name of letters, digits and _ that does not begin with a digit',
      },
    ],
  ],
  ['a name of torch', 'TORCH_TASK=x', [{ line: 1, message: 'TORCH_TASK: torch sets it itself' }]],
  [
    'an open quote, and what follows',
    'A="x\nB=1\nC\n',
    [
      { line: 1, message: 'the quote is not closed' },
      { line: 3, message: 'expected KEY=VALUE' },
    ],
  ],
])('an env file with %s has a problem', (_name, text, problems) => {
  expect(checkEnvFile(text)).toEqual(problems)
})

test.each([
  ['a byte order mark', '\ufeffA=1\n', { A: '1' }],
  ['tabs and blank lines before a name', '\n \n\tA=1\n  export\tB=2\n', { A: '1', B: '2' }],
  ['tabs around the =', 'A\t=\t1\n', { A: '1' }],
  ['an indented comment', 'A=1\n  # B=2\nC=3\n', { A: '1', C: '3' }],
  ['a comment in the last line', 'A=1\n# B=2', { A: '1' }],
  ['lines within quotes', 'A="# 1 \n  B=2" \nC=3', { A: '# 1 \n  B=2', C: '3' }],
])('plainEnv() neither loses nor invents variables: %s', (_name, text, values) => {
  expect(checkEnvFile(text)).toEqual([])
  expect({ ...parseEnv(plainEnv(text)) }).toEqual(values)
})

test('problems of an env file never show its values, which may be secret', () => {
  expect(JSON.stringify(checkEnvFile('hunter2\nA="hunter2\nTORCH_X=hunter2'))).not.toContain(
    'hunter2',
  )
})
