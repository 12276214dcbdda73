import { exitStatus, TorchError } from '../../../errors.ts'
import { isOver, nextOf } from '../../../schedule/due.ts'
import { mistakesOf, type Refused } from '../../../schedule/field.ts'
import { localText } from '../../../schedule/timezone.ts'
import { isZone, zoneHint } from '../../../schedule/zone-names.ts'
import { slotText } from '../../../record/history/rows.ts'
import { hostFacts } from '../../../tasks/hosts.ts'
import type { Call } from '../../command.ts'
import { usageError } from '../../args/option.ts'
import { afterWords } from '../../../text/after-words.ts'
import { noTaskHasLabels } from '../../daemon/tasks-file.ts'
import type { Values } from '../../args/options.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { roughly, shownDistance, shownTime, timeThere } from '../../terminal/times.ts'
import type { TimeSource } from './next-tasks.ts'

/** One start time, also in the JSON. A task that starts after others has none, but says so. */
export interface NextRow {
  /** null with --schedule. */
  readonly task: string | null
  /** The slot in UTC, and with the offset of the schedule's zone. */
  readonly at: string | null
  readonly local: string | null
  /** How long after the slot the task starts: the same for every slot. */
  readonly jitterMs: number
  /** Only there for a task that starts after others. */
  readonly after?: TimeSource['after']
  /** Only there while it is paused. `at` is then after the end of the pause; null if that is not known. */
  readonly paused?: TimeSource['paused']
}

/** How many start times are shown of a single task or schedule, and of each of several. */
const countOfOne = 5
const countOfSeveral = 1

/** Runs `torch next`. */
export async function showNext(call: Call, values: Values): Promise<number> {
  const sources = await sourcesOf(call, values)
  const count = values.count ?? (sources.length === 1 ? countOfOne : countOfSeveral)
  const from = Math.floor((values.from ?? call.host.clock.now()) / 1000)
  const rows = sources
    .flatMap((source) => rowsOf(source, from, count))
    .toSorted((a, b) => timeOf(a) - timeOf(b))
  if (values.json) {
    await call.terminal.say(JSON.stringify(rows, null, 2))
    return exitStatus.done
  }
  if (sources.length === 0 && values.label) call.terminal.note(noTaskHasLabels)
  else if (sources.length === 0 && call.args.length > 0)
    call.terminal.note('none of these tasks has a schedule')
  else await show(call, sources, rows, from)
  return exitStatus.done
}

async function sourcesOf(call: Call, values: Values): Promise<readonly TimeSource[]> {
  const { args } = call
  if (values.schedule === undefined) {
    if (call.from.timezone === 'flag')
      throw usageError(
        '--timezone needs --schedule',
        'tasks have their time zone in the tasks file',
      )
    return (await import('./next-tasks.ts')).sourcesOfTasks(call, values)
  }
  if (args.length > 0)
    throw usageError(
      'tasks and --schedule cannot be combined',
      'torch next --schedule "30 2 * * *"',
    )
  if (call.from.label === 'flag')
    throw usageError('--label and --schedule cannot be combined', 'leave out one of them')
  const zone = values.timezone ?? call.host.clock.zone()
  if (values.timezone !== undefined && !isZone(zone))
    throw usageError(`--timezone: unknown time zone ${JSON.stringify(zone)}`, zoneHint(zone))
  const [name = ''] = hostFacts(values.host ?? call.host.network.name(), []).names
  const seed = `@${name}`
  const { parseSchedule } = await import('../../../schedule/parse.ts')
  const parsed = parseSchedule(values.schedule, { zone, seed })
  if (!parsed.ok) throw badSchedule(parsed)
  return [{ task: null, schedules: [parsed.schedule], zone, jitterMs: 0 }]
}

/** One error for all mistakes. */
function badSchedule(refused: Refused): TorchError {
  const mistakes = mistakesOf(refused)
  const hints = [...new Set(mistakes.flatMap(({ hint }) => hint ?? []))]
  const messages = mistakes.map(({ message }) => message)
  return new TorchError('bad-schedule', `--schedule: ${messages.join('; ')}`, {
    exit: exitStatus.usage,
    ...(hints.length > 0 && { hint: hints.join('; ') }),
  })
}

/** What has no time comes last. */
function timeOf({ at }: NextRow): number {
  return at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at)
}

/** The next start times of a task or schedule after the second `from`. A paused task has none before its pause ends. */
export function rowsOf(
  { task, schedules, zone, jitterMs, pending, after, paused }: TimeSource,
  from: number,
  count: number,
): NextRow[] {
  const part = paused === undefined ? {} : { paused }
  const none = { task, at: null, local: null, jitterMs: 0 }
  if (after !== undefined) return [{ ...none, after, ...part }]
  if (paused?.until === null) return [{ ...none, jitterMs, ...part }]
  const rows: NextRow[] = []
  const end = paused === undefined ? -Infinity : Math.ceil(Date.parse(paused.until) / 1000)
  // The jitter may carry a slot over the end of the pause.
  const first = Math.max(from, end - 1 - Math.floor(jitterMs / 1000))
  let slot = pending !== undefined && paused === undefined ? pending : nextOf(schedules, first)
  while (slot !== undefined && rows.length < count) {
    rows.push({ task, at: slotText(slot) ?? '', local: localText(zone, slot), jitterMs, ...part })
    slot = nextOf(schedules, slot)
  }
  return rows
}

async function show(
  { host, terminal }: Call,
  sources: readonly TimeSource[],
  rows: readonly NextRow[],
  from: number,
): Promise<void> {
  for (const source of sources) {
    if (rows.some((row) => row.task === source.task)) continue
    terminal.note(`${source.task ?? 'this schedule'}: ${neverWords(source, from)}`)
  }
  if (rows.length === 0) return
  const zones = new Map(sources.map(({ task, zone }) => [task, zone]))
  const shown = rows.map((row): Cell[] => {
    if (row.at === null)
      return [row.after === undefined ? 'paused' : afterWords(row.after), '', row.task ?? '', '']
    const start = new Date(Date.parse(row.at) + row.jitterMs).toISOString()
    const zone = zones.get(row.task) ?? ''
    const there = timeThere(host, start, zone)
    const notes = [
      ...(there === undefined ? [] : [`${there} ${zone}`]),
      ...(row.jitterMs > 0 ? [`jitter ${roughly(row.jitterMs)}`] : []),
    ]
    return [shownTime(host, start), shownDistance(host, start), row.task ?? '', notes.join(', ')]
  })
  const isTask = sources[0]?.task !== null
  const heads = [
    'NEXT',
    '',
    { text: isTask ? 'TASK' : '', cut: 'middle' },
    { text: '', cut: 'end', comfort: 0 },
  ] as const
  await terminal.say(table(terminal, heads, shown))
}

function neverWords({ schedules, paused }: TimeSource, from: number): string {
  if (isOver(schedules, from)) return 'done: its last time has passed'
  const isReboot = schedules.some((schedule) => schedule.kind === 'reboot')
  if (isReboot) return 'starts at boot, at no fixed time'
  return paused === undefined ? 'never due' : 'not due after its pause'
}
