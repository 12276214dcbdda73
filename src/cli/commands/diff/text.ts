import { everywhere } from '../../../forecast/hosts.ts'
import { someOf } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Style, Terminal } from '../../terminal/terminal.ts'
import type { Comparison } from './comparison.ts'
import { movedHosts, noteWords, startingHosts, verdictWords } from './summary.ts'
import { taskLines } from './text-tasks.ts'

/** What a comparison is shown on. */
export interface Page {
  readonly paint: Terminal['paint']
  /** A change that does not fit is told in lines of its own. */
  readonly columns: number
  /** The zone of this machine, for times of the day. */
  readonly zone: string
  /** That of the tasks file. */
  readonly folder: string
}

/** So many hosts are named that gain and lose the same, and so many tasks; the rest is counted. */
const maxHosts = 8
const maxTasks = 12

/** A comparison as a person reads it, without a line break at the end. */
export function diffText(comparison: Comparison, page: Page): string {
  const { path, name, restarts } = comparison
  const head = [page.paint('bold', plainLine(`${path}: ${name}`)), ...noteWords(comparison)]
  const parts = [
    [...head, verdictWords(comparison)],
    taskLines(comparison, page),
    [...groupLines(comparison, page), ...moveLines(comparison, page)],
    [...startLines(comparison, page), ...restartLines(restarts)],
  ]
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function groupLines({ change: { groups } }: Comparison, { paint }: Page): string[] {
  return groups.map(({ group, added, removed }) => {
    const entries = [
      ...added.map((entry) => paint('green', `+ ${entry}`)),
      ...removed.map((entry) => paint('red', `- ${entry}`)),
    ]
    return `group ${group}: ${entries.join(', ')}`
  })
}

function moveLines(comparison: Comparison, { paint }: Page): string[] {
  return movedHosts(comparison).map(({ names, moves }) => {
    const { gains, loses, more, fewer } = moves
    const part = new Set([...moves.part, ...more, ...fewer])
    const words = (mark: string, tasks: readonly string[], style: Style): string[] => {
      const each = tasks.map((task) => `${mark} ${task}${part.has(task) ? ' (on part of it)' : ''}`)
      return tasks.length === 0 ? [] : [paint(style, someOf(each, maxTasks))]
    }
    const lists = [
      ...words('+', [...gains, ...more], 'green'),
      ...words('-', [...loses, ...fewer], 'red'),
    ]
    return `${placeOf(names)}: ${lists.join(', ')}`
  })
}

function startLines(comparison: Comparison, { zone, columns }: Page): string[] {
  const uncounted = comparison.hosts.filter(({ starts }) => starts === undefined)
  const lines = startingHosts(comparison, zone).flatMap(({ names, starts, busiest }) => {
    const line = `starts in 24 h ${placeOf(names)}: ${starts}`
    if (busiest === '') return [line]
    const most = `busiest second: ${busiest}`
    const whole = `${line}, ${most}`
    return whole.length <= columns ? [whole] : [line, `    ${most}`]
  })
  if (uncounted.length === 0) return lines
  const names = uncounted.map(({ host }) => host)
  return [...lines, `starts not counted, as H and jitter take too long: ${placeOf(names)}`]
}

function restartLines(restarts: readonly string[]): string[] {
  if (restarts.length === 0) return []
  return [`ended and started anew, as daemon tasks that changed: ${someOf(restarts, maxTasks)}`]
}

/** `on web, db`; `everywhere, web`. */
function placeOf(hosts: readonly string[]): string {
  return (hosts[0] === everywhere ? '' : 'on ') + someOf(hosts, maxHosts)
}
