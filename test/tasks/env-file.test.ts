import { expect, test } from 'vitest'
import { checkEnvFile } from '../../src/tasks/env-file.ts'

test.each([
  ['nothing', ''],
  ['comments and blank lines', '# a\n\n  # b\n'],
  ['values of all kinds', 'A=1\nB = two words\nC=\nexport D="x=y"\nE=\'# no comment\'\n_F.g-h=1'],
  ['CRLF', 'A=1\r\nB=2\r\n'],
  ['a value over several lines', 'KEY="-----BEGIN\nno assignment\nEND-----"\nB=2\n'],
])('%s is right', (_name, text) => {
  expect(checkEnvFile(text)).toEqual([])
})

test.each([
  ['a line without =', 'A=1\nB\n', [{ line: 2, message: 'expected KEY=VALUE' }]],
  ['a name with a digit first', '1A=1', [{ line: 1, message: 'expected KEY=VALUE' }]],
  ['a name of torch', 'TORCH_TASK=x', [{ line: 1, message: 'TORCH_TASK is for torch to set' }]],
  [
    'an open quote, and what follows',
    'A="x\nB=1\nC\n',
    [
      { line: 1, message: 'the quote is not closed' },
      { line: 3, message: 'expected KEY=VALUE' },
    ],
  ],
])('%s is told', (_name, text, faults) => {
  expect(checkEnvFile(text)).toEqual(faults)
})

test('values, which may be secret, are not told', () => {
  expect(JSON.stringify(checkEnvFile('hunter2\nA="hunter2\nTORCH_X=hunter2'))).not.toContain(
    'hunter2',
  )
})
