import type { KeyChange } from '../../../tasks/compare/changes.ts'
import { nonDefaultKeys, type Written } from '../../../tasks/compare/written.ts'
import { formatProblem } from '../../../tasks/file/problem.ts'
import { someOf } from '../../../text/plural.ts'
import { changedValue, type DiffLine, valueWords } from '../../../forecast/diff/changed-value.ts'
import {
  type Comparison,
  movedHosts,
  noteWords,
  renameWords,
  restartWords,
  shareChanges,
  startingHosts,
  usualZone,
  verdictWords,
} from '../../../forecast/diff/comparison.ts'
import {
  blockSection,
  code,
  details,
  fenced,
  htmlCode,
  page,
  tableSection,
} from './markdown-page.ts'

/** Longer values are shown below the table. */
const maxCellChars = 80
/** The longest list of names in one cell; the rest is counted. */
const maxNames = 12

/** The rows of a table, and the blocks below it for values that are too long for a cell. */
interface Table {
  readonly rows: readonly (readonly string[])[]
  readonly below: readonly string[]
}

/** A comparison as a comment on a pull request, in GitHub's Markdown. */
export function diffMarkdown(
  comparison: Comparison,
  { folder, zone }: { readonly folder: string; readonly zone: string },
): string {
  const { path, name, change, from, to } = comparison
  const added = addedTasks(comparison, folder)
  const changed = changedTasks(comparison)
  const messages = changedMessages(comparison)
  const first = [
    `**${code(path)}**, ${code(name)}: **${verdictWords(comparison)}**`,
    ...noteWords(comparison).map((words) => `> ${code(words)}`),
  ]
  const renamed = change.renamed.map((pair) => {
    return [code(pair.before.name), code(pair.after.name), renameWords(pair)]
  })
  const removed = change.removed.map((task) => [code(task.name)])
  const restarting = restartWords(comparison).map((words) => [code(words)])
  const startHeads = ['on', 'starts', `busiest second (${zone})`]
  const problems = [...from.problems, ...to.problems].map((problem) =>
    fenced('text', formatProblem(problem)),
  )
  return page(first.join('\n\n'), [
    tableSection('task', 'Added', ['task', 'schedule', 'hosts', 'command', 'more'], added.rows),
    tableSection('task', 'Removed', ['task'], removed),
    tableSection('task', 'Renamed', ['from', 'to', ''], renamed),
    tableSection('change', 'Changed', ['task', 'key', 'before', 'after'], changed.rows),
    tableSection('task', 'Daemon tasks that restart', ['task'], restarting),
    tableSection('key', 'Messages', ['key', 'before', 'after'], messages.rows),
    tableSection('group', 'Host groups', ['group', 'added', 'removed'], groupRows(comparison)),
    tableSection('line', 'What runs where', ['on', 'gains', 'loses'], moveRows(comparison)),
    tableSection('line', 'Starts in 24 hours', startHeads, startRows(comparison, zone)),
    blockSection('long value', '', [...added.below, ...changed.below, ...messages.below]),
    blockSection('problem', '#### Problems', problems),
  ])
}

/** One row for each new task: schedule, hosts, command, and its other keys. */
function addedTasks(comparison: Comparison, folder: string): Table {
  const zone = usualZone(comparison)
  const below: string[] = []
  const rows = comparison.change.added.map((task) => {
    const keys = nonDefaultKeys(task, folder, zone)
    const cell = (key: string, value: Written): string => {
      if (isShort(valueWords(key, value))) return valueCell(key, value)
      below.push(details(heading(task.name, key), fenced('', valueWords(key, value))))
      return '_below_'
    }
    const cellOf = (key: string): string => {
      const found = keys.find(([name]) => name === key)
      return found === undefined ? valueCell(key, null) : cell(...found)
    }
    const others = keys.filter(([key]) => !['schedule', 'hosts', 'command'].includes(key))
    const more = others.map(([key, value]) => `${code(key)}: ${cell(key, value)}`)
    const main = ['schedule', 'hosts', 'command'].map(cellOf)
    return [code(task.name), ...main, more.join('<br>')]
  })
  return { rows, below }
}

/** One row for each changed key: its value before and after. */
function changedTasks({ change: { changed } }: Comparison): Table {
  const { shared, own } = shareChanges(changed)
  const all = [
    ...shared,
    ...own.flatMap(({ task, changes }) => changes.map((change) => ({ change, tasks: [task] }))),
  ]
  return changeTable(
    all.map(({ change, tasks }) => {
      const names = namesCell(tasks)
      const cell = tasks.length === 1 ? names : `${tasks.length} tasks: ${names}`
      return { change, cells: [cell], name: someOf(tasks, maxNames) }
    }),
  )
}

function changedMessages({ messages }: Comparison): Table {
  return changeTable(messages.map((change) => ({ change, cells: [], name: 'messages' })))
}

/** A row for each change: its first cells, the key, and its value before and after. */
function changeTable(
  changes: readonly {
    readonly change: KeyChange
    readonly cells: readonly string[]
    readonly name: string
  }[],
): Table {
  const below: string[] = []
  const rows = changes.map(({ change, cells, name }) => {
    const first = [...cells, code(change.key)]
    // Two URLs that differ in what is not shown.
    if (change.old === change.new) return [...first, valueCell(change.key, change.old), '_changed_']
    const value = changedValue(change, maxCellChars)
    if (value.kind === 'short')
      return [...first, valueCell(change.key, change.old), valueCell(change.key, change.new)]
    const lines = value.lines.map(markedLine).join('\n')
    below.push(details(heading(name, change.key), fenced('diff', lines)))
    return [...first, '_below_', '_below_']
  })
  return { rows, below }
}

function groupRows({ change: { groups } }: Comparison): string[][] {
  return groups.map(({ group, added, removed }) => {
    return [code(group), namesCell(added), namesCell(removed)]
  })
}

function moveRows(comparison: Comparison): string[][] {
  return movedHosts(comparison).map(({ names, moves }) => {
    const { gains, loses, more, fewer } = moves
    const part = new Set([...moves.part, ...more, ...fewer])
    const cell = (tasks: readonly string[]): string => namesCell(tasks, (task) => part.has(task))
    return [namesCell(names), cell([...gains, ...more]), cell([...loses, ...fewer])]
  })
}

function startRows(comparison: Comparison, zone: string): string[][] {
  return startingHosts(comparison, zone).map(({ names, starts, busiest }) => {
    return [namesCell(names), starts, busiest]
  })
}

/** Names of tasks, hosts or entries. A task that concerns only some machines is marked. */
function namesCell(names: readonly string[], isPart = (_name: string) => false): string {
  const words = names.map((name) => code(name) + (isPart(name) ? ' (some machines)' : ''))
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

/** GitHub colours a block of the language `diff` by these marks. */
function markedLine({ kind, text }: DiffLine): string {
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
