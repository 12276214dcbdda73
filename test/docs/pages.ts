import fs from 'node:fs'
import path from 'node:path'
import { root } from '../support/torch.ts'

/** A page of the documentation. */
export interface Page {
  /** Its path in the checkout, such as `docs/runs.md`. */
  readonly name: string
  readonly text: string
  /** Its fenced blocks, in order. */
  readonly blocks: readonly Block[]
}

/** A fenced block of a page. */
export interface Block {
  /** `sh`, `yaml`, `json`, `text` ..., and what follows it on the line of the fence. */
  readonly language: string
  readonly text: string
  /** Where it stands: the page and the line of the fence, such as `docs/runs.md:12`. */
  readonly place: string
  readonly line: number
}

/** Every page that the tests check. */
export const pages: readonly Page[] = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  ...fs
    .readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => `docs/${name}`),
].map(readPage)

function readPage(name: string): Page {
  const text = fs.readFileSync(path.join(root, name), 'utf8')
  const blocks = [...text.matchAll(/^```(\w.*)\n([^]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length
    return {
      language: match[1] ?? '',
      text: match[2] ?? '',
      place: `${name}:${line}`,
      line,
    }
  })
  return { name, text, blocks }
}

export function pageOf(name: string): Page {
  const page = pages.find((each) => each.name === name)
  if (page === undefined) throw new Error(`there is no page ${name}`)
  return page
}

/** All blocks of all pages. */
export const blocks: readonly Block[] = pages.flatMap((page) => page.blocks)

/** The first block of a page in this language. */
export function blockOf(name: string, language: string): string {
  const block = pageOf(name).blocks.find((each) => each.language === language)
  if (block === undefined) throw new Error(`${name} has no block in ${language}`)
  return block.text
}

/** A shell block that needs more than every machine has says so in its first line. */
export function needs(block: Block): string | undefined {
  return /^# needs: (.+)\n/.exec(block.text)?.[1]
}

/** The block that follows another one. */
export function after(block: Block): Block | undefined {
  return blocks[blocks.indexOf(block) + 1]
}

/** One command of a block, and the exit status that its comment promises. */
export interface Command {
  readonly words: string
  readonly status: number
  readonly line: number
}

export function commandsOf({ text, line }: Block): Command[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((written, index) => {
      const [words = '', comment = ''] = written.split(/ {2,}# |^# /)
      const status = Number(/exit status (\d+)/.exec(comment)?.[1] ?? 0)
      return { words: words.trim(), status, line: line + 1 + index }
    })
    .filter(({ words }) => words !== '')
}

/** The rows of the table of a page with these heads, cells as they are written. */
export function tableOf(name: string, ...heads: string[]): string[][] {
  const rows = pageOf(name)
    .text.split('\n')
    .map((line) => (line.startsWith('|') ? cellsOf(line) : undefined))
  const start = rows.findIndex((row) => row?.join() === heads.join())
  if (start === -1) throw new Error(`${name} has no table with the heads ${heads.join(', ')}`)
  const end = rows.indexOf(undefined, start)
  return rows.slice(start + 2, end).flatMap((row) => (row === undefined ? [] : [row]))
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** What stands in backticks in a cell. */
export function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}
