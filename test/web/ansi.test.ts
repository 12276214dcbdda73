import { expect, test } from 'vitest'
import { piecesOf, plainLook, plainOutput } from '../../src/web/output/ansi.ts'

const shown = (line: string): [string, string][] =>
  piecesOf(line, plainLook).pieces.map(({ text, look }) => [text, look])

test.each<[string, string, [string, string][]]>([
  ['plain text', 'a <b> & c', [['a <b> & c', '']]],
  ['nothing', '', []],
  [
    'a colour',
    'a\u001b[31mb\u001b[0mc',
    [
      ['a', ''],
      ['b', 'fore-1'],
      ['c', ''],
    ],
  ],
  [
    'a reset without a number',
    '\u001b[1mb\u001b[mc',
    [
      ['b', 'bold'],
      ['c', ''],
    ],
  ],
  ['several codes', '\u001b[1;4;92;41mx', [['x', 'fore-10 back-1 bold underlined']]],
  ['one of 256 colours', '\u001b[38;5;9mx', [['x', 'fore-9']]],
  ['a colour of the cube', '\u001b[38;5;196mx', [['x', 'fore-9']]],
  ['a colour in red, green and blue', '\u001b[48;2;0;0;250mx', [['x', 'back-12']]],
  ['reversed', '\u001b[7mx', [['x', 'fore-back back-fore']]],
  ['an unknown code', '\u001b[99999mx', [['x', '']]],
  [
    'codes that are not numbers',
    '\u001b[?25mx\u001b[<1my',
    [
      ['x', ''],
      ['y', ''],
    ],
  ],
  ['a title', '\u001b]0;evil\u0007x', [['x', '']]],
  ['a link', '\u001b]8;;http://evil/\u001b\\x\u001b]8;;\u001b\\', [['x', '']]],
  ['a title without an end', 'x\u001b]0;evil', [['x', '']]],
  [
    'moves of the cursor',
    '\u001b[2J\u001b[10;10Hx\u001b[1Ky',
    [
      ['x', ''],
      ['y', ''],
    ],
  ],
  ['a device control string', '\u001bPq#0;2;0\u001b\\x', [['x', '']]],
  ['a sequence that is cut', 'x\u001b[3', [['x', '']]],
  ['a lone escape', 'x\u001b', [['x', '']]],
  ['a character set', '\u001b(Bx', [['x', '']]],
  ['a progress line', '1%\r50%\r100%', [['100%', '']]],
  ['a line that ends as on Windows', 'x\r', [['x', '']]],
  ['controls', 'a\u0000b\u0008c', [['a\ufffdb\ufffdc', '']]],
  ['text that runs backwards', '\u202eabc', [['\ufffdabc', '']]],
])('shows %s as text and colours only', (_, line, pieces) => {
  expect(shown(line)).toEqual(pieces)
})

test('a colour lasts until a later line ends it', () => {
  const first = piecesOf('\u001b[31mred', plainLook)
  expect(piecesOf('still red', first.look).pieces).toEqual([{ text: 'still red', look: 'fore-1' }])
})

test('no sequence of hostile output survives in the text', () => {
  for (let code = 0; code < 256; code += 1) {
    const text = plainOutput(
      `a\u001b${String.fromCodePoint(code)}b\u001b[1${String.fromCodePoint(code)}c`,
    )
    // eslint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  }
})
