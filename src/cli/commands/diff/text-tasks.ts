import type { KeyChange } from '../../../tasks/compare/changes.ts'
import { someOf } from '../../../text/plural.ts'
import type { Written } from '../../../tasks/compare/written.ts'
import { saidKeys } from '../../../tasks/compare/written.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Comparison } from './comparison.ts'
import type { DiffLine } from './line-diff.ts'
import { shareChanges } from './shared-changes.ts'
import { renameWords, usualZone } from './summary.ts'
import type { Page } from './text.ts'
import { arrow, valueChange } from './value-change.ts'
import { valueWords } from './value-words.ts'

/** So many tasks are named that share a change; the rest is counted. */
const maxNames = 12
const indent = '    '

/** What became of the tasks, a line or some for each. */
export function taskLines(comparison: Comparison, page: Page): string[] {
  const { change } = comparison
  const { paint, folder } = page
  const zone = usualZone(comparison)
  const { shared, own } = shareChanges(change.changed)
  return [
    ...change.added.flatMap((task) => [
      paint('green', `+ ${task.name}`),
      ...saidKeys(task, folder, zone).flatMap(([key, value]) => valueLines(key, value)),
    ]),
    ...change.removed.map(({ name }) => paint('red', `- ${name}`)),
    ...change.renamed.map((pair) => {
      const how = renameWords(pair)
      const names = paint('yellow', `~ ${pair.before.name}${arrow}${pair.after.name}`)
      return `${names} (renamed${how === '' ? '' : `; ${how}`})`
    }),
    ...shared.flatMap(({ change: same, tasks }) => {
      const [first = '', ...more] = changeLines(same, page, '')
      const where = ` in ${tasks.length} tasks: ${someOf(tasks, maxNames)}`
      return [paint('yellow', '~ ') + first + where, ...more]
    }),
    ...own.flatMap(({ task, changes }) => [
      paint('yellow', `~ ${task}`),
      ...changes.flatMap((each) => changeLines(each, page, indent)),
    ]),
  ]
}

function valueLines(key: string, value: Written): string[] {
  const head = `${indent}${plainLine(key)}:`
  const [first = '', ...more] = valueWords(key, value).split('\n')
  if (more.length === 0) return [`${head} ${first}`]
  return [head, ...[first, ...more].map((line) => `${indent}  ${line}`)]
}

function changeLines(change: KeyChange, { paint, columns }: Page, before: string): string[] {
  const head = `${before}${plainLine(change.key)}:`
  const told = valueChange(change, columns - `${head} `.length)
  if (told.kind === 'long') return [head, ...told.lines.map((line) => indent + lineOf(line, paint))]
  return [`${head} ${paint('red', told.old)}${arrow}${paint('green', told.new)}`]
}

function lineOf({ kind, text }: DiffLine, paint: Page['paint']): string {
  switch (kind) {
    case 'old':
      return paint('red', `- ${text}`)
    case 'new':
      return paint('green', `+ ${text}`)
    case 'both':
      return `  ${text}`.trimEnd()
    case 'gap':
      return paint('dim', `  ${text}`)
  }
}
