import { describe, expect, test } from 'vitest'
import { readBefore } from '../../../src/cli/completion/before.ts'
import { optionNamed, optionNames } from '../../../src/cli/args/options.ts'

describe('the words before the cursor', () => {
  test.each([
    ['', { command: undefined, words: [], awaits: undefined }],
    ['status', { command: 'status', words: [] }],
    ['stat', { command: undefined, words: ['stat'] }],
    ['toString', { command: undefined, words: ['toString'] }],
    ['logs backup', { command: 'logs', words: ['backup'] }],
    ['--home /srv logs backup', { command: 'logs', words: ['backup'], raw: { home: ['/srv'] } }],
    ['--home=/srv logs', { command: 'logs', words: [], raw: { home: ['/srv'] } }],
    ['history --outcome', { command: 'history', awaits: 'outcome' }],
    ['history --outcome --limit', { awaits: undefined, raw: { outcome: ['--limit'] } }],
    ['logs backup --lines', { words: ['backup'], awaits: 'lines' }],
    ['logs -f backup', { words: ['backup'], awaits: undefined, raw: { follow: true } }],
    ['next --label a=b --label=c=d', { raw: { label: ['a=b', 'c=d'] } }],
    ['run -- --home', { command: 'run', words: ['--home'], onlyWords: true, raw: {} }],
    ['run --nonsense backup', { command: 'run', words: ['backup'] }],
    ['run -', { command: 'run', words: ['-'] }],
  ])('%s', (line, expected) => {
    const found = readBefore(line.split(' ').filter((word) => word !== ''))
    expect({ ...found, command: found.command?.name }).toMatchObject(expected)
  })
})

test('options that share a letter take alike, so that it does not matter whose it is', () => {
  const lettered = optionNames.flatMap((name) => optionNamed(name).alias ?? [])
  for (const letter of lettered) {
    const kinds = optionNames
      .filter((name) => optionNamed(name).alias === letter)
      .map((name) => optionNamed(name).type)
    expect(new Set(kinds)).toHaveLength(1)
  }
  expect(lettered).toContain('n')
})
