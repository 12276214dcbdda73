import { someOf } from '../../../text/plural.ts'
import type { KeyChange } from '../../../tasks/compare/changes.ts'
import { saidKeys, type Written } from '../../../tasks/compare/written.ts'
import type { Comparison } from './comparison.ts'
import type { DiffLine } from './line-diff.ts'
import { code, details, fenced, htmlCode } from './markdown-cells.ts'
import { shareChanges } from './shared-changes.ts'
import { usualZone } from './summary.ts'
import { valueChange } from './value-change.ts'
import { valueWords } from './value-words.ts'

/** Longer values are shown below the table. */
const maxCellChars = 80
/** So many names are in one cell; the rest is counted. */
const maxNames = 12

/** The rows of a table, and what is too long for it. */
interface Table {
  readonly rows: readonly (readonly string[])[]
  readonly below: readonly string[]
}

/** Task, schedule, hosts, command, and whatever else a new task says. */
export function addedTasks(comparison: Comparison, folder: string): Table {
  const zone = usualZone(comparison)
  const below: string[] = []
  const rows = comparison.change.added.map((task) => {
    const said = saidKeys(task, folder, zone)
    const cell = (key: string, value: Written): string => {
      if (isShort(valueWords(key, value))) return valueCell(key, value)
      below.push(details(heading(task.name, key), fenced('', valueWords(key, value))))
      return '_below_'
    }
    const of = (key: string): string => {
      const found = said.find(([name]) => name === key)
      return found === undefined ? valueCell(key, null) : cell(...found)
    }
    const others = said.filter(([key]) => !['schedule', 'hosts', 'command'].includes(key))
    const more = others.map(([key, value]) => `${code(key)}: ${cell(key, value)}`)
    return [code(task.name), of('schedule'), of('hosts'), of('command'), more.join('<br>')]
  })
  return { rows, below }
}

/** Task, key, and its value before and after. */
export function changedTasks({ change: { changed } }: Comparison): Table {
  const { shared, own } = shareChanges(changed)
  const told = [
    ...shared.map(({ change, tasks }) => ({ change, tasks })),
    ...own.flatMap(({ task, changes }) => changes.map((change) => ({ change, tasks: [task] }))),
  ]
  const below: string[] = []
  const rows = told.map(({ change, tasks }) => {
    const names = namesCell(tasks)
    const one = valueChange(change, maxCellChars)
    const cells = [tasks.length === 1 ? names : `${tasks.length} tasks: ${names}`, code(change.key)]
    if (one.kind === 'short')
      return [...cells, valueCell(change.key, change.old), valueCell(change.key, change.new)]
    const lines = one.lines.map(lineOf).join('\n')
    below.push(details(heading(someOf(tasks, maxNames), change.key), fenced('diff', lines)))
    return [...cells, '_below_', '_below_']
  })
  return { rows, below }
}

/** Names of tasks, hosts or entries; of some it is said that they are meant in part. */
export function namesCell(names: readonly string[], isPart = (_name: string) => false): string {
  const words = names.map((name) => code(name) + (isPart(name) ? ' (on part of it)' : ''))
  return someOf(words, maxNames)
}

function valueCell(key: string, value: KeyChange['old']): string {
  const words = valueWords(key, value)
  return value === null ? `_${words}_` : code(words)
}

function isShort(words: string): boolean {
  return words.length <= maxCellChars && !words.includes('\n')
}

function heading(tasks: string, key: string): string {
  return `${htmlCode(tasks)}: ${htmlCode(key)}`
}

/** As the language `diff` is coloured. */
function lineOf({ kind, text }: DiffLine): string {
  switch (kind) {
    case 'old':
      return `- ${text}`
    case 'new':
      return `+ ${text}`
    case 'both':
    case 'gap':
      return `  ${text}`
  }
}
