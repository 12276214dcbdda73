// Markdown to the source of a manual page, by the lexer of marked. The packages that write roff are
// not good enough: marked-man 2.1 prints &quot; for a quote in code, remark-man 9 does not escape
// dashes (so options cannot be copied) nor a dot at the start of a line (so the line is lost), and
// both make tables that do not fit 80 columns. See man(7), and groff_char(7) for what is escaped.
import { marked } from 'marked'

/** mandoc(1) warns of lines over 80 bytes. */
const maxLineChars = 78
/** 80 columns without the indents of the page and of an example. */
const maxExampleChars = 69

/** The tokens of a Markdown text. */
export function lex(markdown) {
  return marked.lexer(markdown)
}

/** The roff lines of Markdown tokens. A heading of `level` is a section, a lower one a subsection. */
export function roff(tokens, level = 1) {
  return tokens.flatMap((token) => block(token, level))
}

/** The whole page: its title, its name, and a body of roff lines. */
export function manPage({ name, section, summary, version, date }, body) {
  const lines = [
    `.TH ${escaped(name.toUpperCase())} ${section} ${date} "torch ${version}" "torch manual"`,
    // Words are not hyphenated: many are to be typed.
    '.nh',
    '.ad l',
    '.SH NAME',
    ...filled(`${escaped(name)} \\- ${prose(summary)}`),
    ...body,
  ]
  // A heading starts a paragraph by itself.
  const isSpare = (line, at) => line === '.PP' && /^\.S[HS] /.test(lines[at - 1] ?? '')
  return `${lines.filter((line, at) => !isSpare(line, at)).join('\n')}\n`
}

function block(token, level) {
  switch (token.type) {
    case 'heading':
      if (token.depth <= level) return [`.SH ${prose(token.text).toUpperCase()}`]
      if (token.depth === level + 1) return [`.SS ${inline(token.tokens)}`]
      return ['.PP', ...filled(`\\fB${inline(token.tokens)}\\fP`)]
    case 'paragraph':
    case 'text':
      return ['.PP', ...filled(inline(token.tokens ?? [token]))]
    case 'list':
      return token.items.flatMap((item) => listItem(item, level))
    case 'code':
      return example(token.lang === 'text' ? folded(token.text) : token.text)
    case 'table':
      return token.rows.flatMap((row) => tableRow(token.header, row))
    case 'blockquote':
      return roff(token.tokens, level)
    case 'space':
    case 'html':
    case 'hr':
      return []
    default:
      throw new Error(`a manual page cannot show this Markdown: ${token.type}`)
  }
}

function listItem({ tokens: [first, ...more] }, level) {
  return [
    '.IP \\(bu 2',
    ...filled(inline(first.tokens ?? [])),
    ...(more.length === 0 ? [] : ['.RS 2', ...roff(more, level), '.RE']),
  ]
}

/** A table is too wide for a page: the first cell of a row becomes a tag, the others explain it. */
function tableRow(heads, [tag, ...cells]) {
  const parts = cells.flatMap((cell, at) => {
    if (cell.text === '') return []
    const isNamed = heads.length > 2
    return [
      isNamed
        ? `\\fI${inline(heads[at + 1].tokens)}\\fP: ${inline(cell.tokens)}`
        : inline(cell.tokens),
    ]
  })
  return ['.TP', guarded(inline(tag.tokens)), ...filled(parts.join('; '))]
}

/** Lines as they are. The end of an example turns hyphenation on again. */
export function example(text) {
  const lines = text.split('\n').map((line) => guarded(copied(line)))
  return ['.PP', '.RS 4', '.EX', ...lines, '.EE', '.nh', '.RE']
}

/** Output is folded as a terminal folds it. What is to be typed must fit as it is. */
function folded(text) {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, maxExampleChars, '  '))
    .join('\n')
}

function inline(tokens) {
  return tokens.map(inlineOne).join('')
}

function inlineOne(token) {
  switch (token.type) {
    case 'codespan':
      return `\\fB${copied(token.text)}\\fP`
    case 'strong':
      return `\\fB${inline(token.tokens)}\\fP`
    case 'em':
      return `\\fI${inline(token.tokens)}\\fP`
    case 'link': {
      const words = inline(token.tokens)
      const isPlain = token.text === token.href
      return token.href.startsWith('http') && !isPlain ? `${words} <${copied(token.href)}>` : words
    }
    case 'br':
      return ' '
    case 'html':
      return ''
    default:
      return token.tokens === undefined ? prose(token.text) : inline(token.tokens)
  }
}

/** Text to be filled. A sentence starts a line, which is how roff knows sentences. */
function filled(text) {
  const sentences = text.replaceAll(/\s+/g, ' ').split(/(?<=[.?!]\)?) (?=\S)/)
  return sentences.flatMap((sentence) => wrapped(sentence, maxLineChars)).map(guarded)
}

/** A line may be longer than `width` only if it is one word. */
function wrapped(text, width, indent = '') {
  if (text.length <= width) return [text]
  const lines = []
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`
    if (lines.length === 0) lines.push(word)
    else if (longer.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

/** A dot or a quote at the start of a line would make it a request. */
function guarded(line) {
  return /^[.']/.test(line) ? `\\&${line}` : line
}

/** Words to be read. Options in them are to be copied, so their dashes are not hyphens. */
function prose(text) {
  return plain(text).replaceAll(/(?<![\w-])-{1,2}[A-Za-z][\w-]*/g, (found) =>
    found.replaceAll('-', '\\-'),
  )
}

/** What is to be copied as it stands. */
function copied(text) {
  return escaped(text).replaceAll("'", '\\(aq').replaceAll('"', '\\(dq')
}

function escaped(text) {
  return plain(text).replaceAll('-', '\\-')
}

/** marked leaves HTML entities alone, as in &quot;. Anything but ASCII is written by its code. */
function plain(text) {
  const entities = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' }
  return text
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity])
    .replaceAll('\\', '\\e')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll(
      /[^\n -~]/gu,
      (char) => `\\[u${char.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`,
    )
}
