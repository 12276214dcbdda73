import fs from 'node:fs'
import path from 'node:path'
import { root } from '../support/torch.ts'

/** A fenced block of the README. */
export interface Block {
  /** `sh`, `yaml`, `json`, `text`, ... and what stands behind it. */
  readonly language: string
  readonly text: string
  /** Of the fence, from 1. */
  readonly line: number
}

export const readmeText = fs.readFileSync(path.join(root, 'README.md'), 'utf8')

/** All fenced blocks, in their order. */
export const blocks: readonly Block[] = [...readmeText.matchAll(/^```(\w.*)\n([^]*?)^```$/gm)].map(
  (match) => ({
    language: match[1] ?? '',
    text: match[2] ?? '',
    line: readmeText.slice(0, match.index).split('\n').length,
  }),
)

/** Blocks that want something that not every machine has say so in their first line. */
export function needs(block: Block): string | undefined {
  return /^# needs: (.+)\n/.exec(block.text)?.[1]
}

/** The block that follows another. */
export function after(block: Block): Block | undefined {
  return blocks[blocks.indexOf(block) + 1]
}

/** One command of a block, and the exit status that its comment promises. */
interface Command {
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

/** The rows of the table with these heads, cells as they are written. */
export function tableOf(...heads: string[]): string[][] {
  const rows = readmeText
    .split('\n')
    .map((line) => (line.startsWith('|') ? cellsOf(line) : undefined))
  const start = rows.findIndex((row) => row?.join() === heads.join())
  if (start === -1) throw new Error(`the README has no table with the heads ${heads.join(', ')}`)
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
