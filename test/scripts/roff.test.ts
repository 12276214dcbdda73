import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../support/torch.ts'

interface Roff {
  lex(markdown: string): unknown[]
  roff(tokens: unknown[], level?: number): string[]
  manPage(about: Record<string, string | number>, body: readonly string[]): string
}
const { lex, roff, manPage } = (await import(path.join(root, 'scripts/roff.js'))) as Roff

function lines(markdown: string): string[] {
  return roff(lex(markdown))
}

describe('a paragraph', () => {
  test.each([
    ['a well-known word', 'a well-known word'],
    ['with --log-level info, -f', String.raw`with \-\-log\-level info, \-f`],
    [String.raw`a\\b ~ ^`, String.raw`a\eb \(ti \(ha`],
    ['caf\u00e9 \u{1f525}', String.raw`caf\[u00E9] \[u1F525]`],
    [
      'A `code-x`, **strong** and _slanted_ a_b_c.',
      String.raw`A \fBcode\-x\fP, \fBstrong\fP and \fIslanted\fP a_b_c.`,
    ],
    ['`it\'s "a-b" <c> &`', String.raw`\fBit\(aqs \(dqa\-b\(dq <c> &\fP`],
    [
      '[here](#there), [`x`](y.md), [web](https://a.example/b-c)',
      String.raw`here, \fBx\fP, web <https://a.example/b\-c>`,
    ],
    ["'br is not a request", String.raw`\&'br is not a request`],
    ['.SH is not a request', String.raw`\&.SH is not a request`],
  ])('the Markdown %s becomes roff that shows the same', (markdown, line) => {
    expect(lines(markdown)).toEqual(['.PP', line])
  })

  test('a sentence starts a line, and no line is longer than it must be', () => {
    const word = 'x'.repeat(30)
    expect(lines(`One. Two (three.) ${word} ${word} ${word}`)).toEqual([
      '.PP',
      'One.',
      'Two (three.)',
      `${word} ${word}`,
      word,
    ])
  })
})

describe('a block of code', () => {
  test('the lines of a block of code stay as they are, and none is taken for a request', () => {
    expect(lines('```sh\n.git -x\n\n\'x\' "y"\n```')).toEqual([
      '.PP',
      '.RS 4',
      '.EX',
      String.raw`\&.git \-x`,
      '',
      String.raw`\(aqx\(aq \(dqy\(dq`,
      '.EE',
      '.nh',
      '.RE',
    ])
  })

  test('long lines of output are folded, and long lines to be typed are not', () => {
    const long = `${'word '.repeat(20)}end`
    const inner = (language: string) => lines(`\`\`\`${language}\n${long}\n\`\`\``).slice(3, -3)
    expect(inner('yaml')).toEqual([long])
    expect(inner('text')).toEqual([`${'word '.repeat(13)}word`, `  ${'word '.repeat(6)}end`])
  })
})

test('a list has a bullet for each item', () => {
  expect(lines('- one,\n  still one\n- `two`')).toEqual([
    String.raw`.IP \(bu 2`,
    'one, still one',
    String.raw`.IP \(bu 2`,
    String.raw`\fBtwo\fP`,
  ])
})

test('a row of a table becomes its first cell with the others below it, by name if there are several', () => {
  expect(lines('| a | b | c |\n|---|---|---|\n| `x` | y | z |\n| w | | |')).toEqual([
    '.TP',
    String.raw`\fBx\fP`,
    String.raw`\fIb\fP: y; \fIc\fP: z`,
    '.TP',
    'w',
    '',
  ])
  expect(lines('| a | b |\n|---|---|\n| x | y |')).toEqual(['.TP', 'x', 'y'])
})

test('headings become sections and subsections, from the given level on', () => {
  expect(lines('# One\n\n## Two `x`\n\n### Three')).toEqual([
    '.SH ONE',
    String.raw`.SS Two \fBx\fP`,
    '.PP',
    String.raw`\fBThree\fP`,
  ])
  expect(roff(lex('## Two\n\n### Three'), 2)).toEqual(['.SH TWO', '.SS Three'])
})

test('a page has a title and a name, and no empty paragraph after a heading', () => {
  const about = {
    name: 'torch-x',
    section: 5,
    summary: 'a-z',
    version: '1.0.0',
    date: '2026-11-21',
  }
  expect(manPage(about, ['.SH A', '.PP', 'a', '.PP', 'b'])).toBe(
    String.raw`.TH TORCH\-X 5 2026-11-21 "torch 1.0.0" "torch manual"
.nh
.ad l
.SH NAME
torch\-x \- a-z
.SH A
a
.PP
b
`,
  )
})
