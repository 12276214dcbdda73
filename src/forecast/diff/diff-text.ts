import { everywhere } from '../named-hosts.ts'
import type { KeyChange } from '../../tasks/compare/changes.ts'
import { nonDefaultKeys, type Written } from '../../tasks/compare/written.ts'
import { someOf } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { arrow, changedValue, type DiffLine, valueWords } from './changed-value.ts'
import {
  type Comparison,
  movedHosts,
  noteWords,
  renameWords,
  restartWords,
  shareChanges,
  startingHosts,
  type TaskComparison,
  unreadableWords,
  usualZone,
  verdictWords,
} from './comparison.ts'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

/** Where a comparison is shown. */
export interface DiffView {
  paint(style: Style, text: string): string
  /** A changed value that does not fit is shown on lines of its own. */
  readonly columns: number
  /** The zone of this machine, for times of day. */
  readonly zone: string
  /** The folder of the tasks file. */
  readonly folder: string
  /** The part of a value that may be seen; without it, everything may. */
  readonly shown?: (key: string, value: Written) => Written
}

/** Where the tasks of a comparison are shown. */
type TaskView = Omit<DiffView, 'zone'>

/** The longest lists of hosts and tasks on one line; the rest is counted. */
const maxHosts = 8
const maxTasks = 12

const indent = '    '

/** A comparison as people read it, without a line break at the end. */
export function diffText(comparison: Comparison, view: DiffView): string {
  const { path, name } = comparison
  const head = [view.paint('bold', plainLine(`${path}: ${name}`)), ...noteWords(comparison)]
  const parts = [
    [...head, verdictWords(comparison)],
    taskLines(comparison, view),
    messageLines(comparison, view),
    [...groupLines(comparison, view), ...moveLines(comparison, view)],
    [...startLines(comparison, view), ...restartLines(restartWords(comparison))],
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** What a new tasks file changes of the tasks, in the words of a comparison, and nothing about hosts and starts. */
export function taskChangeLines(comparison: TaskComparison, view: TaskView): string[] {
  return [
    verdictWords(comparison),
    ...unreadableWords(comparison.change),
    ...taskLines(comparison, view),
    ...messageLines(comparison, view),
    ...groupLines(comparison, view),
    ...restartLines(restartWords(comparison)),
  ]
}

/** Added, removed, renamed and changed tasks. */
function taskLines(comparison: TaskComparison, view: TaskView): string[] {
  const { change } = comparison
  const { paint, folder, shown = everything } = view
  const zone = usualZone(comparison)
  const { shared, own } = shareChanges(change.changed)
  return [
    ...change.added.flatMap((task) => [
      paint('green', `+ ${task.name}`),
      ...nonDefaultKeys(task, folder, zone).flatMap(([key, value]) =>
        valueLines(key, shown(key, value)),
      ),
    ]),
    ...change.removed.map(({ name }) => paint('red', `- ${name}`)),
    ...change.renamed.map((pair) => {
      const moves = renameWords(pair)
      const names = paint('yellow', `~ ${pair.before.name}${arrow}${pair.after.name}`)
      return `${names} (renamed${moves === '' ? '' : `; ${moves}`})`
    }),
    ...shared.flatMap(({ change: same, tasks }) => {
      const [first = '', ...more] = changeLines(same, view, '')
      const where = ` in ${tasks.length} tasks: ${someOf(tasks, maxTasks)}`
      return [paint('yellow', '~ ') + first + where, ...more]
    }),
    ...own.flatMap(({ task, changes }) => [
      paint('yellow', `~ ${task}`),
      ...changes.flatMap((each) => changeLines(each, view, indent)),
    ]),
  ]
}

function valueLines(key: string, value: Written): string[] {
  const head = `${indent}${plainLine(key)}:`
  const [first = '', ...more] = valueWords(key, value).split('\n')
  if (more.length === 0) return [`${head} ${first}`]
  return [head, ...[first, ...more].map((line) => `${indent}  ${line}`)]
}

function everything(_key: string, value: Written): Written {
  return value
}

function changeLines(
  { key, old, new: now }: KeyChange,
  { paint, columns, shown = everything }: TaskView,
  before: string,
): string[] {
  const head = `${before}${plainLine(key)}:`
  const seen = { key, old: shown(key, old), new: shown(key, now) }
  if (JSON.stringify(seen.old) === JSON.stringify(seen.new))
    return [`${head} changed (the values are secret)`]
  const value = changedValue(seen, columns - `${head} `.length)
  if (value.kind === 'long')
    return [head, ...value.lines.map((line) => indent + paintedLine(line, paint))]
  return [`${head} ${paint('red', value.old)}${arrow}${paint('green', value.new)}`]
}

function paintedLine({ kind, text }: DiffLine, paint: DiffView['paint']): string {
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

function messageLines({ messages }: TaskComparison, view: TaskView): string[] {
  return messages.flatMap((change) => {
    const [first = '', ...more] = changeLines(change, view, '')
    return [view.paint('yellow', '~ ') + first, ...more]
  })
}

function groupLines({ change: { groups } }: TaskComparison, { paint }: TaskView): string[] {
  return groups.map(({ group, added, removed }) => {
    const entries = [
      ...added.map((entry) => paint('green', `+ ${entry}`)),
      ...removed.map((entry) => paint('red', `- ${entry}`)),
    ]
    return `group ${group}: ${entries.join(', ')}`
  })
}

/** Which hosts gain and lose which tasks. */
function moveLines(comparison: Comparison, { paint }: DiffView): string[] {
  return movedHosts(comparison).map(({ names, moves }) => {
    const { gains, loses, more, fewer } = moves
    const part = new Set([...moves.part, ...more, ...fewer])
    const words = (mark: string, tasks: readonly string[], style: Style): string[] => {
      const each = tasks.map((task) => `${mark} ${task}${part.has(task) ? ' (some machines)' : ''}`)
      return tasks.length === 0 ? [] : [paint(style, someOf(each, maxTasks))]
    }
    const lists = [
      ...words('+', [...gains, ...more], 'green'),
      ...words('-', [...loses, ...fewer], 'red'),
    ]
    return `${onHosts(names)}: ${lists.join(', ')}`
  })
}

function startLines(comparison: Comparison, { zone, columns }: DiffView): string[] {
  const uncounted = comparison.hosts.filter(({ starts }) => starts === undefined)
  const lines = startingHosts(comparison, zone).flatMap(({ names, starts, busiest }) => {
    const line = `starts in 24 h ${onHosts(names)}: ${starts}`
    if (busiest === '') return [line]
    const most = `busiest second: ${busiest}`
    const whole = `${line}, ${most}`
    return whole.length <= columns ? [whole] : [line, `${indent}${most}`]
  })
  if (uncounted.length === 0) return lines
  const names = uncounted.map(({ host }) => host)
  return [...lines, `starts not counted (too many tasks with H or jitter): ${onHosts(names)}`]
}

function restartLines(restarts: readonly string[]): string[] {
  return restarts.length === 0 ? [] : [`daemon tasks that restart: ${someOf(restarts, maxTasks)}`]
}

/** `on web, db`; `everywhere, web`. */
function onHosts(names: readonly string[]): string {
  return (names[0] === everywhere ? '' : 'on ') + someOf(names, maxHosts)
}
