import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readTyped } from '../../../src/cli/completion/typed.ts'

/** COMP_WORDBREAKS as bash has it. */
const breaks = ' \t\n"\'@><=;|&(:'

describe('a line is taken apart as a shell would', () => {
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
  ])('%j', (line, words, current) => {
    expect(readTyped(line)).toMatchObject({ words, current })
  })
})

describe('bash replaces what is behind `kept`', () => {
  test.each([
    ['torch --outcome=fa', '--outcome=', ''],
    ['torch --label=team=da', '--label=team=', ''],
    ['torch diff HEAD:ta', 'HEAD:', ''],
    ['torch --label "team=da', '', '"'],
    ["torch --label='team=da", '--label=', "'"],
    ['torch a\\=b', '', ''],
    ['torch --label=team st', '', ''],
  ])('%j', (line, kept, quote) => {
    expect(readTyped(line, breaks)).toMatchObject({ kept, quote })
  })

  test('and only at its own breaks', () => {
    expect(readTyped('torch --outcome=fa', ' ').kept).toBe('')
  })
})

test('what stands in single quotes is one word, whatever it is', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes("'"))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (words) => {
      const line = ['torch', ...words.map((word) => `'${word}'`), ''].join(' ')
      expect(readTyped(line).words).toEqual(words)
    }),
  )
})
