import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { optionNamed, optionNames } from '../../../src/cli/args/options.ts'
import { parseSoFar, splitLine } from '../../../src/cli/completion/typed-line.ts'

/** COMP_WORDBREAKS as bash has it. */
const breaks = ' \t\n"\'@><=;|&(:'

describe('a line is split as a shell splits it', () => {
  test.each([
    ['', [], ''],
    ['torch', [], 'torch'],
    ['torch ', [], ''],
    ['torch st', [], 'st'],
    ['torch  logs\tbackup  ', ['logs', 'backup'], ''],
    ['torch --home My\\ Dir st', ['--home', 'My Dir'], 'st'],
    ['torch --home "My Dir" st', ['--home', 'My Dir'], 'st'],
    [`torch --home 'it''s' "" st`, ['--home', 'its', ''], 'st'],
    ['torch --home "a\\"b\\c" ', ['--home', 'a"b\\c'], ''],
    [`torch --home 'a\\' `, ['--home', 'a\\'], ''],
    ['torch --home "My D', ['--home'], 'My D'],
    ['torch --home My\\', ['--home'], 'My\\'],
    ["torch ''", [], ''],
  ])('the line %j has the words %j before the cursor', (line, words, current) => {
    expect(splitLine(line)).toMatchObject({ words, current })
  })
})

describe('bash replaces what comes after `kept`', () => {
  test.each([
    ['torch --outcome=fa', '--outcome=', ''],
    ['torch --label=team=da', '--label=team=', ''],
    ['torch diff HEAD:ta', 'HEAD:', ''],
    ['torch --label "team=da', '', '"'],
    ["torch --label='team=da", '--label=', "'"],
    ['torch a\\=b', '', ''],
    ['torch --label=team st', '', ''],
  ])('in the line %j, bash keeps %j', (line, kept, quote) => {
    expect(splitLine(line, breaks)).toMatchObject({ kept, quote })
  })

  test('bash replaces a part of a word only after its own breaks', () => {
    expect(splitLine('torch --outcome=fa', ' ').kept).toBe('')
  })
})

test('a text in single quotes is one word, whatever it contains', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes("'"))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (words) => {
      const line = ['torch', ...words.map((word) => `'${word}'`), ''].join(' ')
      expect(splitLine(line).words).toEqual(words)
    }),
  )
})

describe('the line before the cursor', () => {
  test.each([
    ['', { command: undefined, args: [], awaits: undefined }],
    ['status', { command: 'status', args: [] }],
    ['stat', { command: undefined, args: ['stat'] }],
    ['toString', { command: undefined, args: ['toString'] }],
    ['logs backup', { command: 'logs', args: ['backup'] }],
    ['--home /srv logs backup', { command: 'logs', args: ['backup'], raw: { home: ['/srv'] } }],
    ['--home=/srv logs', { command: 'logs', args: [], raw: { home: ['/srv'] } }],
    ['history --outcome', { command: 'history', awaits: 'outcome' }],
    ['history --outcome --limit', { awaits: undefined, raw: { outcome: ['--limit'] } }],
    ['logs backup --lines', { args: ['backup'], awaits: 'lines' }],
    ['logs -f backup', { args: ['backup'], awaits: undefined, raw: { follow: true } }],
    ['next --label a=b --label=c=d', { raw: { label: ['a=b', 'c=d'] } }],
    ['run -- --home', { command: 'run', args: ['--home'], onlyArguments: true, raw: {} }],
    ['run --nonsense backup', { command: 'run', args: ['backup'] }],
    ['run -', { command: 'run', args: ['-'] }],
  ])('parseSoFar understands torch %s', (line, expected) => {
    const found = parseSoFar(line.split(' ').filter((word) => word !== ''))
    expect({ ...found, command: found.command?.name }).toMatchObject(expected)
  })
})

test('options that share a letter are of the same kind, so a line can be parsed before its command is known', () => {
  const lettered = optionNames.flatMap((name) => optionNamed(name).alias ?? [])
  for (const letter of lettered) {
    const kinds = optionNames
      .filter((name) => optionNamed(name).alias === letter)
      .map((name) => optionNamed(name).type)
    expect(new Set(kinds)).toHaveLength(1)
  }
  expect(lettered).toContain('n')
})
