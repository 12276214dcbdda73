import fc from 'fast-check'

/** One change of a text. `at` is a fraction of its length. */
interface Damage {
  readonly kind: 'flip' | 'cut' | 'put' | 'double' | 'swap' | 'many' | 'endings' | 'splice'
  readonly at: number
  readonly length: number
  readonly piece: string
}

/** Pieces that occur in machine-readable texts, and pieces that break parsers. */
const pieces = [
  ...['\n', '\r\n', '\r', '\t', ' ', '  ', '\n  ', '\n    ', ': ', '- ', '? ', '#', ' # ', ','],
  ...['{', '}', '[', ']', '"', "'", '|', '>-\n', '&a ', '*a', '<<: *a', '!x ', '!!str ', '%', '@'],
  ...['---\n', '...\n', '%YAML 1.1\n', '~', 'null', 'true', 'yes', '0o22', '022', '1e999', '-0'],
  ...['9'.repeat(400), '0.1', '.inf', '1_000', '\\', '\\u0000', '"\\ud800"', '"\\x07"', '$(', '`'],
  ...['\u0000', '\u0007', '\u001b[31m', '\u007f', '\u0085', '\u2028', '\ufeff', '\u00a0', 'é'],
  ...['e\u0301', '日本', '😀', '\u202e', 'x'.repeat(300), '__proto__', 'constructor', 'tasks:'],
  ...['tasks', 'hosts', 'defaults', 'schedule', 'command', 'env_file', 'max: three\n', '@every 1s'],
]

const piece = fc.oneof(
  { arbitrary: fc.constantFrom(...pieces), weight: 6 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 4 }), weight: 1 },
)
const kinds = ['flip', 'cut', 'put', 'double', 'swap', 'many', 'endings', 'splice'] as const
const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom(...kinds, 'put' as const, 'cut' as const),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(4), fc.nat(200)),
  piece,
})

/** These texts with a few bytes damaged. Not all of them are valid UTF-8 afterwards. */
export function damaged(texts: readonly string[], maxLength = 5): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(damage, { maxLength }), fc.constantFrom(...texts))
    .map(([text, all, another]) => {
      const other = bytesOf(another)
      const bytes = all.reduce((before, one) => harmed(before, one, other), bytesOf(text))
      return Buffer.from(bytes, 'latin1').toString('utf8')
    })
}

/** One character per byte, so that bytes can be damaged like text. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function harmed(
  text: string,
  { kind, at, length, piece: inserted }: Damage,
  other: string,
): string {
  const from = Math.floor(at * text.length)
  const [before, after] = [text.slice(0, from), text.slice(from)]
  const part = after.slice(0, length)
  switch (kind) {
    case 'flip':
      return (
        before +
        String.fromCharCode(((after.charCodeAt(0) || 0) ^ (1 << (length % 8))) & 255) +
        after.slice(1)
      )
    case 'cut':
      return before + after.slice(length)
    case 'put':
      return before + bytesOf(inserted) + after
    case 'double':
      return before + part + after
    case 'swap':
      return before + after.slice(length, 2 * length) + part + after.slice(2 * length)
    case 'many':
      return before + bytesOf(inserted).repeat(length).slice(0, 20_000) + after
    case 'endings':
      return before + after.replaceAll('\n', '\r\n')
    case 'splice':
      return before + other.slice(Math.floor(at * other.length)).slice(0, 20 * length) + after
  }
}
