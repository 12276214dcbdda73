import { describe, expect, test } from 'vitest'
import { readMarkdown, sectionOf } from '../../../src/cli/man/markdown.ts'
import { sectionsRoff } from '../../../src/cli/man/prose.ts'
import { example, literal, page, paragraph, prose } from '../../../src/cli/man/roff.ts'

describe('words of a page', () => {
  test.each([
    ['a well-known word', 'a well-known word'],
    ['with --log-level info, -f', String.raw`with \-\-log\-level info, \-f`],
    ['a\\b ~ ^ `', String.raw`a\eb \(ti \(ha \(ga`],
    ['caf\u00e9 \u{1f525}', String.raw`caf\[u00E9] \[u1F525]`],
  ])('%s', (text, roff) => {
    expect(prose(text)).toBe(roff)
  })

  test('what is to be copied keeps its dashes and quotes', () => {
    expect(literal(`it's "a-b"`)).toBe(String.raw`it\(aqs \(dqa\-b\(dq`)
  })

  test('nothing in a text is taken for a request', () => {
    expect(paragraph(".SH no\n'br no")).toEqual(['.PP', String.raw`\&.SH no 'br no`])
    expect(example(".git\n\n'x")).toEqual([
      '.PP',
      '.RS 4',
      '.EX',
      String.raw`\&.git`,
      '',
      String.raw`\(aqx`,
      '.EE',
      '.nh',
      '.RE',
    ])
  })

  test('a sentence begins a line, and none is longer than it must be', () => {
    const word = 'x'.repeat(30)
    expect(paragraph(`One. Two (three.) ${word} ${word} ${word}`)).toEqual([
      '.PP',
      'One.',
      'Two (three.)',
      `${word} ${word}`,
      word,
    ])
  })

  test('a page has a head and a name, and no paragraph twice', () => {
    const about = {
      name: 'torch-x',
      section: 5,
      summary: 'a-z',
      version: '1.0.0',
      date: '2026-11-21',
    }
    expect(page(about, ['.SH A', '.PP', 'a', '.PP', 'b'])).toBe(
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
})

describe('Markdown', () => {
  const roff = (text: string) => sectionsRoff(sectionOf(readMarkdown(`# T\n\n${text}\n`), 'T'))

  test.each([
    [
      'A `code-x`, **strong** and\n_slanted_ a_b_c.',
      [String.raw`A \fBcode\-x\fP, \fBstrong\fP and \fIslanted\fP a_b_c.`],
    ],
    [
      '[here](#there), [`x`](README.md), [web](https://a.example/b-c)',
      [String.raw`here, \fBx\fP, web <https://a.example/b\-c>`],
    ],
  ])('%s', (text, lines) => {
    expect(roff(text)).toEqual(['.PP', ...lines])
  })

  test('lists', () => {
    expect(roff('- one,\n  still one\n- `two`')).toEqual([
      String.raw`.IP \(bu 2`,
      'one, still one',
      String.raw`.IP \(bu 2`,
      String.raw`\fBtwo\fP`,
    ])
  })

  test('tables: the first cell is what the others explain; of many each has its name', () => {
    const two = '<!-- prettier-ignore -->\n| a | b | c |\n|---|---|---|\n| `x` | y | z |\n| w | | |'
    expect(roff(two)).toEqual([
      '.TP',
      String.raw`\fBx\fP`,
      String.raw`y; \fIc\fP: z`,
      '.TP',
      'w',
      '',
    ])
    const four = '| a | b | c | d |\n|---|---|---|---|\n| x | y | z | |'
    expect(roff(four)).toEqual(['.TP', 'x', String.raw`\fIb\fP: y; \fIc\fP: z`])
  })

  test('code stays as it is, whatever it looks like; what torch says is folded', () => {
    const lines = (language: string, text: string) =>
      roff(`\`\`\`${language}\n${text}\n\`\`\``).slice(3, -3)
    const long = `${'word '.repeat(20)}end`
    expect(lines('sh', '# no head\n\n| a |\n- b')).toEqual([
      '# no head',
      '',
      '| a |',
      String.raw`\- b`,
    ])
    expect(lines('yaml', long)).toEqual([long])
    expect(lines('text', long)).toEqual([`${'word '.repeat(13)}word`, `  ${'word '.repeat(6)}end`])
  })

  test('a section ends where the next of its level begins, and has those below it', () => {
    const text = '# A\n\na\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd'
    const sections = readMarkdown(text)
    expect(sectionOf(sections, 'B').map(({ title }) => title)).toEqual(['B', 'C'])
    expect(sectionOf(sections, 'D').map(({ title }) => title)).toEqual(['D'])
    expect(sectionsRoff(sectionOf(sections, 'B'))).toEqual(['.PP', 'b', '.SS C', '.PP', 'c'])
  })

  test('a section that is not there ends the build', () => {
    expect(() => sectionOf([], 'Signals')).toThrow('the README has no section "Signals"')
  })
})
