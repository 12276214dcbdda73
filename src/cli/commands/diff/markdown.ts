import { formatProblem } from '../../../tasks/file/report.ts'
import type { Comparison } from './comparison.ts'
import { code, fenced, row, tableHead } from './markdown-cells.ts'
import { page, type Section } from './markdown-page.ts'
import { addedTasks, changedTasks, namesCell } from './markdown-tasks.ts'
import { movedHosts, noteWords, renameWords, startingHosts, verdictWords } from './summary.ts'

/** A comparison as a comment on a pull request: GitHub's Markdown. */
export function diffMarkdown(
  comparison: Comparison,
  around: { readonly folder: string; readonly zone: string },
): string {
  const { path, name, change, restarts, from, to } = comparison
  const added = addedTasks(comparison, around.folder)
  const changed = changedTasks(comparison)
  const first = [
    `**${code(path)}**, ${code(name)}: **${verdictWords(comparison)}**`,
    ...noteWords(comparison).map((words) => `> ${code(words)}`),
  ]
  const renamed = change.renamed.map((pair) => {
    return [code(pair.before.name), code(pair.after.name), renameWords(pair)]
  })
  return page(first.join('\n\n'), [
    table('task', 'Added', ['task', 'schedule', 'hosts', 'command', 'and'], added.rows),
    table('task', 'Removed', ['task'], cellsOf(change.removed.map((task) => task.name))),
    table('task', 'Renamed', ['from', 'to', ''], renamed),
    table('change', 'Changed', ['task', 'key', 'before', 'after'], changed.rows),
    table('task', 'Daemon tasks that are ended and started anew', ['task'], cellsOf(restarts)),
    table('group', 'Host groups', ['group', 'added', 'removed'], groupRows(comparison)),
    table('line', 'What runs where', ['on', 'gains', 'loses'], moveRows(comparison)),
    table(
      'line',
      'Starts in 24 hours',
      ['on', 'starts', `busiest second (${around.zone})`],
      startRows(comparison, around.zone),
    ),
    blocks('long value', '', [...added.below, ...changed.below]),
    blocks(
      'problem',
      '#### Problems',
      [...from.problems, ...to.problems].map((problem) => fenced('text', formatProblem(problem))),
    ),
  ])
}

function table(
  what: string,
  title: string,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): Section {
  return { what, head: `#### ${title}\n\n${tableHead(titles)}`, items: rows.map(row), gap: '\n' }
}

function blocks(what: string, head: string, items: readonly string[]): Section {
  return { what, head, items, gap: '\n\n' }
}

function cellsOf(names: readonly string[]): string[][] {
  return names.map((name) => [code(name)])
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
