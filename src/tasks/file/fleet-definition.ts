import { bareEntry } from '../host-entry.ts'
import { poolMeaning } from '../definition.ts'
import type { Task, TasksFile, TaskScript, TaskWhen } from '../task.ts'
import type { Settings } from './settings.ts'

/** A task as its file says it, before anything of the machine is added. */
export interface WrittenTask {
  readonly schedule: string | readonly string[] | undefined
  readonly command: string | readonly string[] | undefined
  readonly script: TaskScript | undefined
  /** With the defaults of the file, and without those of torch. */
  readonly settings: Settings
  /** undefined if neither the task nor the file has one. */
  readonly timezone: string | undefined
  readonly groups: TasksFile['groups']
  /** What limits its schedules. */
  readonly when: TaskWhen | undefined
  readonly pools: Task['pools']
}

/**
 * What the machines of a fleet compare, to find one that has another version of a task. It is the same exactly if
 * the files say the same: it has no absolute path, no default of torch and nothing of the machine. The number
 * names the list of keys below: another version of torch must compute the same from the same file. So this list
 * never changes; a new list gets the next number. `sha256` gives the sum of a text in hexadecimal digits.
 */
export function fleetDefinition(task: WrittenTask, sha256: (text: string) => string): string {
  const { settings, schedule, command, script, groups, when, pools } = task
  const keys: readonly (readonly [key: string, value: unknown])[] = [
    ['type', settings.type],
    ['schedule', schedule === undefined ? undefined : [schedule].flat().map(withoutBlanks)],
    ['command', command],
    ['script', script && [script.url, script.sha256 ?? null]],
    ['hosts', settings.hostEntries && machinesOf(settings.hostEntries, groups)],
    ['prefer', settings.preferEntries?.map((entry) => machinesOf([entry], groups))],
    ['max', settings.max === Infinity ? 'unlimited' : settings.max],
    ['max_per_host', settings.max_per_host],
    ['start_within', settings.start_within],
    ['on_lost', settings.on_lost],
    ['fence', settings.fence],
    ['overlap', settings.overlap],
    ['timezone', task.timezone],
    ['jitter', settings.jitter],
    ['catchup', settings.catchup],
    ['catchup_window', settings.catchup_window],
    ['input', settings.input && sortedPairs(settings.input)],
    ['ready', settings.ready && sortedPairs(settings.ready)],
    ['timeout', settings.timeout],
    ['kill_after', settings.kill_after],
    ['retry', settings.retry && sortedPairs(settings.retry)],
    ['restart', settings.restart && sortedPairs(settings.restart)],
    ['success_codes', settings.success_codes],
    ['shell', settings.shell],
    ['cwd', settings.writtenCwd],
    ['umask', settings.umask],
    ['nice', settings.nice],
    ['limits', settings.limits && sortedPairs(settings.limits)],
    ['user', settings.user],
    ['group', settings.group],
    ['env', settings.env && sortedPairs(settings.env)],
    ['env_file', settings.writtenEnvFile],
    ['enabled', settings.enabled],
  ]
  const digestOf = (all: typeof keys): string =>
    sha256(JSON.stringify(all.filter(([, value]) => value !== undefined)))
  // A version of torch that knows only the first list refuses a file with any of these keys.
  if (pools.length > 0)
    return `d3:${digestOf([...keys, ...limitsOf(when), ['pools', poolMeaning(pools)]])}`
  return when === undefined
    ? `d1:${digestOf(keys)}`
    : `d2:${digestOf([...keys, ...limitsOf(when)])}`
}

function limitsOf(when: TaskWhen | undefined): (readonly [string, unknown])[] {
  if (when === undefined) return []
  const { from, until, cycle, only, except, onExcluded, calendars } = when
  const days = Object.entries(calendars).map(([name, entries]) => [name, [...entries].toSorted()])
  return [
    ['from', from],
    ['until', until],
    ['cycle', cycle && [cycle.unit, cycle.count, cycle.from]],
    ['only', [...only].toSorted()],
    ['except', [...except].toSorted()],
    ['on_excluded', onExcluded],
    ['calendars', sortedPairs(Object.fromEntries(days))],
  ]
}

function withoutBlanks(text: string): string {
  return text.trim().toLowerCase().split(/\s+/).join(' ')
}

/** The entries with those of the groups in the place of their names, in no order. */
function machinesOf(entries: readonly string[], groups: TasksFile['groups']): string[] {
  const all = entries.flatMap((written) => {
    const { text, negated } = bareEntry(written)
    const inside = Object.hasOwn(groups, text) ? (groups[text] ?? []) : [text]
    return inside.map((entry) => (negated ? '!' : '') + entry.trim().toLowerCase())
  })
  return [...new Set(all)].toSorted()
}

function sortedPairs(values: object): [string, unknown][] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
}
