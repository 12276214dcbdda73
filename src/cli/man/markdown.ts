/** A piece of a page in Markdown. Texts still have the marks within a line: see prose.ts. */
export type Block =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly heads: readonly string[]; readonly rows: readonly Row[] }
  | { readonly kind: 'code'; readonly language: string; readonly text: string }

type Row = readonly string[]

/** What stands under a heading, up to the next one of any level. */
export interface Section {
  readonly level: number
  readonly title: string
  readonly blocks: readonly Block[]
}

/** Takes a page apart, as far as Markdown is used in the README: no quotes, no lists within lists. */
export function readMarkdown(markdown: string): Section[] {
  const sections: { level: number; title: string; blocks: Block[] }[] = []
  for (const chunk of chunksOf(markdown)) {
    const [, marks = '', title = ''] = /^(#+) (.*)$/.exec(chunk) ?? []
    if (marks !== '') sections.push({ level: marks.length, title, blocks: [] })
    else sections.at(-1)?.blocks.push(blockOf(chunk))
  }
  return sections
}

/** The section of that title with all below it. Throws where there is none: a page must be whole. */
export function sectionOf(sections: readonly Section[], title: string): [Section, ...Section[]] {
  const at = sections.findIndex((each) => each.title === title)
  const first = sections[at]
  if (first === undefined) throw new Error(`the README has no section "${title}"`)
  const behind = sections.slice(at + 1)
  const end = behind.findIndex(({ level }) => level <= first.level)
  return [first, ...(end === -1 ? behind : behind.slice(0, end))]
}

/** Parts between blank lines; a block of code is one, whatever is in it. Comments are left out. */
function chunksOf(markdown: string): string[] {
  const chunks: string[] = []
  let open: string[] = []
  const close = (): void => {
    if (open.length > 0) chunks.push(open.join('\n'))
    open = []
  }
  for (const line of markdown.split('\n')) {
    const isInCode = open[0]?.startsWith('```') ?? false
    if (isInCode) {
      open.push(line)
      if (line === '```') close()
    } else if (line === '' || line.startsWith('<!--')) close()
    else {
      if (line.startsWith('```') || line.startsWith('#')) close()
      open.push(line)
      if (line.startsWith('#')) close()
    }
  }
  close()
  return chunks
}

function blockOf(chunk: string): Block {
  if (chunk.startsWith('```')) {
    const [fence = '', ...lines] = chunk.split('\n')
    return { kind: 'code', language: fence.slice(3), text: lines.slice(0, -1).join('\n') }
  }
  if (chunk.startsWith('- ')) {
    const items = chunk.split(/^- /m).slice(1)
    return { kind: 'list', items: items.map((item) => item.trim().replaceAll(/\n */g, '\n')) }
  }
  if (!chunk.startsWith('|')) return { kind: 'text', text: chunk }
  const [heads = [], , ...rows] = chunk.split('\n').map(cellsOf)
  return { kind: 'table', heads, rows }
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
