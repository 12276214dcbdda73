import { wrapped } from '../terminal/table.ts'
import type { Block, Section } from './markdown.ts'
import {
  bold,
  bullet,
  example,
  italic,
  type Lines,
  literal,
  paragraph,
  prose,
  subheading,
  tagged,
} from './roff.ts'

/** Of the 80 columns of a terminal, with the indents of the page and of an example. */
const maxExampleChars = 69

/** Sections of the README as part of a page: their own heads become those below a heading. */
export function sectionsRoff([first, ...below]: readonly [Section, ...Section[]]): Lines {
  return [
    ...first.blocks.flatMap((block) => blockRoff(block)),
    ...below.flatMap(({ title, blocks }) => [
      ...subheading(prose(title)),
      ...blocks.flatMap((block) => blockRoff(block)),
    ]),
  ]
}

export function blockRoff(block: Block): Lines {
  switch (block.kind) {
    case 'text':
      return paragraph(inline(block.text))
    case 'list':
      return block.items.flatMap((item) => bullet(inline(item)))
    case 'code':
      return example(block.language === 'text' ? folded(block.text) : block.text)
    case 'table':
      return block.rows.flatMap((row) => rowRoff(block.heads, row))
  }
}

/** What torch says is folded as a terminal does; what is to be typed or copied has to fit as it is. */
function folded(text: string): string {
  return text
    .split('\n')
    .flatMap((line) =>
      line.length > maxExampleChars ? wrapped(line, maxExampleChars, '  ') : [line],
    )
    .join('\n')
}

/** `code` and **bold** bold, _emphasis_ slanted; of a link its words, and the address if it is of the web. */
export function inline(markdown: string): string {
  const marks = /`([^`]+)`|\*\*([^*]+)\*\*|(?<!\w)_([^_]+)_(?!\w)|\[([^\]]+)\]\(([^)]+)\)/g
  let roff = ''
  let end = 0
  for (const match of markdown.matchAll(marks)) {
    const [all, code, strong, emphasis, words = '', address = ''] = match
    roff += prose(markdown.slice(end, match.index))
    end = match.index + all.length
    if (code !== undefined) roff += bold(literal(code))
    else if (strong !== undefined) roff += bold(prose(strong))
    else if (emphasis !== undefined) roff += italic(prose(emphasis))
    else roff += inline(words) + (address.startsWith('http') ? ` <${literal(address)}>` : '')
  }
  return roff + prose(markdown.slice(end))
}

/** Of a table with few columns that which explains the first needs no name. */
const maxUnnamedColumns = 3

/** A table is too wide for a page: the first cell of a row is what the others explain. */
function rowRoff(heads: readonly string[], [tag = '', ...cells]: readonly string[]): Lines {
  const told = cells.flatMap((cell, column) => {
    if (cell === '') return []
    const head = heads[column + 1] ?? ''
    return [
      column === 0 && heads.length <= maxUnnamedColumns
        ? inline(cell)
        : `${italic(inline(head))}: ${inline(cell)}`,
    ]
  })
  return tagged(inline(tag), told.join('; '))
}
