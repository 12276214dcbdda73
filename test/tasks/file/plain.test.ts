import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPlain } from '../../../src/tasks/file/plain.ts'
import { readAll, told } from './trees.ts'

function expectSame(text: string): void {
  const plain = readPlain(text)
  if (plain === undefined) return
  const { tree, faults } = readAll(text)
  expect([faults, told(plain)], text).toEqual([[], told(tree)])
}

const tasks = `# all shops
timezone: Asia/Shanghai # here
hosts:
  web: [10.0.1.0/24, "2001:db8:1::/64", '!10.0.1.9']
  db:
    - db1.example.com
    # the old one
    - 10.0.2.11

x-note: { a: 1 }
defaults: { timeout: 1h, retry: { attempts: 2, delay: 1m }, env: { A: 1, B: true } }
tasks:
  rotate-tokens:
    schedule: "*/10 * * * * *" # every 10 seconds
    command: php /srv/app/rotate.php --at 12:30#1
    hosts: [ web ]
    max: 3
    nice: -5
    enabled: false

  010:
    command:
      - ./consumer
      - 8080
    labels:
      team: 7
    env: {}
    hosts: []
`

test('reads what most tasks files are, as the package for YAML does', () => {
  expect(readPlain(tasks)).toBeDefined()
  expectSame(tasks)
})

test.each([
  ['text over several lines', 'a: b\n  c\n'],
  ['a block of text', 'a: |\n  b\n'],
  ['an escape', 'a: "b\\n"\n'],
  ['a quote in quotes', "a: 'it''s'\n"],
  ['a key in quotes', '"a": b\n'],
  ['an anchor', 'a: &b c\n'],
  ['an alias', 'a: *b\n'],
  ['a tag', 'a: !!str 1\n'],
  ['a merge key', '<<: { a: b }\n'],
  ['a key given twice', 'a: b\na: c\n'],
  ['the same in brackets', 'a: { b: c, b: d }\n'],
  ['a key that is nothing', 'null: b\n'],
  ['a key of all objects', '__proto__: b\n'],
  ['nothing', 'a:\n'],
  ['nothing, in a word', 'a: null\n'],
  ['another word for true', 'a: True\n'],
  ['a fraction', 'a: 1.5\n'],
  ['a number that looks otherwise', 'a: 0x1f\n'],
  ['digits that are no number', 'a: 0080\n'],
  ['a number without an end', 'a: 1234567890123456\n'],
  ['a colon in text', 'a: b: c\n'],
  ['a tab', 'a: b\tc\n'],
  ['a line break of old', 'a: b\r\n'],
  ['a list of maps', 'a:\n  - b: c\n'],
  ['a list as far in as its key', 'a:\n- b\n'],
  ['a list at the top', '- a\n'],
  ['brackets over several lines', 'a: [b,\n  c]\n'],
  ['brackets at the top', '{ a: b }\n'],
  ['a line that is further in', 'a: b\n  c: d\n'],
  ['a line between two', 'a:\n    b: c\n  d: e\n'],
  ['all further in', ' a: b\n'],
  ['a comment too near', 'a: [b]# c\n'],
  ['something behind the quotes', 'a: "b" c\n'],
  ['another document', 'a: b\n---\n'],
  ['a directive', '%YAML 1.2\n---\na: b\n'],
  ['a long key', `${'a'.repeat(1_100)}: b\n`],
  ['a deep one', Array.from({ length: 12 }, (_, at) => `${' '.repeat(at)}a:\n`).join('')],
  ['nothing at all', ''],
  ['a comment alone', '# a\n'],
])('leaves to the package: %s', (_, text) => {
  expect(readPlain(text)).toBeUndefined()
})

const key = fc.constantFrom(
  'a',
  'b',
  'env',
  'labels',
  'command',
  'x-a',
  '1',
  '010',
  'true',
  'a.b-c',
)
const oddKey = fc.constantFrom(
  'null',
  '"a"',
  '- a',
  '__proto__',
  'a b',
  '<<',
  'a ',
  '*a',
  '? a',
  '',
)
const goodWords = [
  ...['a', 'a b', '"a"', "'b c'", '1', '-1', '0', '1h', '10.0.0.1', 'a#b', './a', '1d', '1ms'],
  ...['$(a)', '/a', '"# a: b"', "'{ a }'", 'true', 'a, b', 'a]', 'a:b', '12ab.4', '2g'],
]
const oddWords = [
  ...['010', '1.5', '1e5', '0x1F', 'True', 'null', '~', '', '- a', '*a', '&a b', '!a b', 'a: b'],
  ...['a #b', '# c', '@a', '%a', '?', '-', '.5', '.inf', '1_000', '12:30', '<<', '"a\\n"', '"a'],
  ...['\u00a0', 'a\u00a0', '0o17', '+1', '1+1', '2026-11-21', '|', '>-', 'a ', '(a)', "'a''b'"],
  ...['a:', '"a" b', '1.2.3', '1..2', '1e', '0b1', '...', '---', '"a""b"', '[a] b', 'a\t', '12e03'],
]

test('reads each of these words as the package does, wherever it stands', () => {
  for (const one of [...goodWords, ...oddWords]) {
    for (const text of [`a: ${one}\n`, `a: ${one} # c`, `a: [${one}]\n`, `a:\n  - ${one}\nb: c\n`])
      expectSame(text)
  }
})

const word = fc.oneof(
  { arbitrary: fc.constantFrom(...goodWords), weight: 15 },
  { arbitrary: fc.constantFrom(...oddWords), weight: 1 },
)
const name = fc.oneof({ arbitrary: key, weight: 30 }, { arbitrary: oddKey, weight: 1 })
const items = fc.array(word, { maxLength: 3 })
const inside = items.map((all) => all.join(', '))
const pairs = items.map((all) => all.map((one, at) => `${'abc'.charAt(at)}: ${one}`).join(', '))
const brackets = fc.oneof(
  inside.map((text) => `[${text}]`),
  pairs.map((text) => `{ ${text} }`),
  inside.map((text) => `[[${text}], { a: [${text}] }]`),
)
const value = fc.oneof({ arbitrary: word, weight: 3 }, { arbitrary: brackets, weight: 1 })
const comment = fc.constantFrom('', '', '', '', ' # c', '  ', '\n', '\n   # c', '# c')
/** How much further in; at times a line goes astray. */
const width = fc.constantFrom('  ', '  ', '  ', ' ', '    ')
const astray = fc.oneof(
  { arbitrary: fc.constant(''), weight: 60 },
  { arbitrary: fc.constantFrom(' ', '  ', '\t', '---\n'), weight: 1 },
)

const { lines } = fc.letrec<{ lines: string[] }>((tie) => ({
  lines: fc.oneof(
    { maxDepth: 3 },
    fc.array(
      fc
        .tuple(astray, name, value, comment)
        .map(([out, top, one, end]) => `${out}${top}: ${one}${end}`),
      { minLength: 1, maxLength: 3 },
    ),
    fc.array(
      fc.tuple(astray, value, comment).map(([out, one, end]) => `${out}- ${one}${end}`),
      { minLength: 1, maxLength: 3 },
    ),
    fc
      .array(fc.tuple(name, comment, width, tie('lines')), { minLength: 1, maxLength: 3 })
      .map((all) =>
        all.flatMap(([top, end, further, inner]) => [
          `${top}:${end}`,
          ...inner.map((line) => further + line),
        ]),
      ),
  ),
}))
const anyText = lines.map((all) => all.join('\n'))

/** A good text with something put in or taken out. */
const spoilt = fc
  .tuple(
    fc.nat({ max: tasks.length }),
    fc.nat({ max: 3 }),
    fc.oneof(
      fc.constantFrom(...': - # " \' \n [ ] { } , \t \r & * ! | > % @'.split(' '), ' '),
      word,
    ),
  )
  .map(([at, gone, text]) => tasks.slice(0, at) + text + tasks.slice(at + gone))

/** Nearly numbers, nearly words, in a line and in brackets. */
const nearly = fc
  .tuple(
    fc.constantFrom('', '[', '{ b: '),
    fc.string({ unit: fc.constantFrom(...'0123456789.-+_eExXoabfg/:# \'",[]{}'), maxLength: 6 }),
  )
  .map(([open, text]) => `a: ${open}${text}${open === '' ? '' : open === '[' ? ']' : ' }'}\n`)

test('gives what the package for YAML gives, or nothing, whatever the text is', () => {
  fc.assert(fc.property(anyText, expectSame), { numRuns: 3_000 })
  fc.assert(fc.property(nearly, expectSame), { numRuns: 3_000 })
  fc.assert(fc.property(spoilt, expectSame), { numRuns: 300 })
})
