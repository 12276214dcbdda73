import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseEnvFile } from '../../src/tasks/file/env-file.ts'
import { damaged } from './mutate.ts'
import { pure } from './target.ts'

const texts = [
  'A=1\nB = two words # and a comment\n\n# C=3\nexport D="x=y"\nE=\'a b\'\nF=`c`\n',
  'KEY="-----BEGIN\nno assignment\nEND-----"\nB=2\r\nC=\r\n',
  '\tA=1\n\u00a0B=2\na.b=1\n\t# c=1\nexport\tD=5\nexport  E=5\n',
  'TORCH_HOME=/x\nA="b\\nc"\n  _x9 = "it\'s"  \n',
]

/** Any text gives only variables with valid names. */
export const envText = pure('env-text', 80, damaged(texts), (text) => {
  const { values, problems } = parseEnvFile(text)
  const count = text.split('\n').length
  for (const { line, message } of problems) {
    assert.ok(line >= 1 && line <= count)
    assert.match(message, /^[\w .,:;=-]+$/)
  }
  for (const name of values.keys()) {
    assert.match(name, /^[A-Za-z_]\w*$/, 'a name that every shell passes on')
    assert.doesNotMatch(name, /^TORCH_(?!HOME$)/)
  }
})

const names = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/)
  .filter((name) => name !== '__proto__')
const quoted = fc.oneof(
  fc
    .stringMatching(/^(?:[$`%,&?=-][A-Za-z0-9_./:@%+,&?=#$`-]{0,12})?$/)
    .map((value) => ({ value, written: value })),
  fc.stringMatching(/^[ -&(-~\n]{0,12}$/).map((value) => ({ value, written: `'${value}'` })),
  fc
    .stringMatching(/^[ -~\n]{0,12}$/)
    .map((value) => ({ value, written: `"${value.replaceAll(/["\\]/g, '\\$&')}"` })),
)
const line = fc.record({
  name: names,
  value: quoted,
  before: fc.constantFrom(
    '',
    'export ',
    'export\t ',
    '  ',
    '\t',
    '# words\n',
    '\n  # A=1\n',
    '\n \n',
  ),
  equals: fc.constantFrom('=', ' = ', '\t='),
})

const files = fc.record({
  lines: fc.array(line, { maxLength: 6 }),
  mark: fc.constantFrom('', '\ufeff'),
  end: fc.constantFrom('', '# A=1', '  # the end'),
})

/** A valid file has no problems, and its variables have the values written in it. */
export const envValues = pure('env-values', 80, files, ({ lines, mark, end }) => {
  const written = lines.map(
    ({ name, value, before, equals }) => `${before}${name}${equals}${value.written}\n`,
  )
  const text = mark + written.join('') + end
  const { values, problems } = parseEnvFile(text)
  assert.deepEqual(problems, [])
  const meant = Object.fromEntries(lines.map(({ name, value }) => [name, value.value]))
  assert.deepEqual(Object.fromEntries(values), meant)
})
