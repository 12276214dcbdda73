import { logFields, maxAskedBytes, maxAskedRows } from '../../control/fleet-reports.ts'
import {
  faultsOf,
  type Field,
  name,
  names,
  optional,
  optionalFlag,
  outcomeList,
  place,
  position,
  time,
  upTo,
  whole,
} from '../../control/request-fields.ts'
import type { StatusReport } from '../../control/status-report.ts'
import type { PlainAnswers } from '../../control/server.ts'
import { TorchError } from '../../errors.ts'
import { answerText, errorText, maxAnswerBytes } from '../../fleet/ask.ts'
import { type Exchange, type HeardMessage, jsonOf } from '../../fleet/exchange.ts'
import { token } from '../../fleet/nats/subjects.ts'
import type { Heartbeat } from '../../plan/fleet/members.ts'
import { numberOf } from '../../plan/fleet/ranks.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { slotText } from '../../record/history/rows.ts'
import { readHistoryPage } from '../../record/history/history-page.ts'
import { isDue, latestDue, nextOf } from '../../schedule/due.ts'
import type { Schedule } from '../../schedule/schedule.ts'
import type { Daemon } from '../state.ts'
import type { Fleet } from './fleet.ts'
import { fleetState } from './fleet-state.ts'
import { sendLog } from './send-log.ts'

/** It becomes a part of a subject: nothing else may be in it. */
const streamId: Field<string> = {
  expected: '24 hexadecimal digits',
  accepts: (value): value is string => typeof value === 'string' && /^[0-9a-f]{24}$/.test(value),
}

/** What others may ask. All of it only shows something. */
const askFields = {
  status: { after: optional(name), isOfFleet: optionalFlag, task: optional(name) },
  history: {
    ...{ run: optional(name), tasks: optional(names), outcomes: optional(outcomeList) },
    ...{ since: optional(time), until: optional(time), before: optional(place) },
    limit: optional(upTo(maxAskedRows)),
  },
  output: { run: name, from: position, bytes: upTo(maxAskedBytes) },
  why: { task: name, slot: whole },
  log: { stream: streamId, ...logFields },
} as const
type AskName = keyof typeof askFields
type Asked<N extends AskName> = {
  readonly [K in keyof (typeof askFields)[N]]: (typeof askFields)[N][K] extends Field<infer Value>
    ? Value
    : never
}

/** One part of the status of a machine, as others see it. */
export interface HostStatus {
  readonly report: StatusReport
  /** What it says of itself now. */
  readonly beat: Heartbeat | null
  /** The tasks that most machines have in another version. */
  readonly drift: readonly { readonly task: string; readonly kind: string }[]
  /** Ask again with this as `after`; null: these were the last tasks. */
  readonly more: string | null
}

/** What one machine knows about a slot. */
export interface HostReason {
  /** Its tasks file has the task, and it may run here. */
  readonly hasTask: boolean
  readonly isHere: boolean
  /** Its place in the order in which the machines try to get the slot, as it sees them now; 0 is the first. */
  readonly rank: number | null
  readonly candidates: number
  readonly definition: string | null
  /** Why it would not start the task now. */
  readonly whyNot: string | null
  readonly offsetMs: number | null
  readonly rows: readonly HistoryRow[]
  /** Whether the task is due then, by its schedule now; null: it has no schedule, or an older daemon does not say. */
  readonly due: NearSlots | null
}

/** What a schedule says of a moment. Times are ISO 8601. */
export interface NearSlots {
  readonly isDue: boolean
  /** The slots around it. */
  readonly before: string | null
  readonly after: string | null
}

export interface AskParts {
  readonly daemon: Daemon
  readonly fleet: Fleet
  readonly exchange: Exchange
  readonly answers: Pick<PlainAnswers, 'status' | 'history' | 'output'>
}

/** Answers what other machines ask. Returns a function that ends it. */
export function answerAsks(parts: AskParts): () => void {
  const { exchange, fleet } = parts
  const logs = new Set<() => void>()
  const hear = (message: HeardMessage): void => void answer(parts, logs, message)
  const stops = ['all', token(fleet.host)].map((who) => exchange.listen(`ask.${who}`, hear))
  return () => {
    for (const stop of [...stops, ...logs]) stop()
  }
}

async function answer(
  parts: AskParts,
  logs: Set<() => void>,
  { data, reply }: HeardMessage,
): Promise<void> {
  const { exchange, fleet } = parts
  const question = jsonOf(data)
  if (reply === undefined || askOf(question) === undefined) return
  try {
    exchange.publish(reply, answerText(fleet.host, await answerTo(parts, question, logs)))
  } catch (error) {
    exchange.publish(reply, errorText(fleet.host, error))
  }
}

/** What this machine answers, whoever asks. Throws TorchError. */
export function answerTo(
  parts: AskParts,
  question: unknown,
  logs: Set<() => void> = new Set(),
): Promise<unknown> {
  const asked = askOf(question)
  if (asked === undefined) throw new TorchError('bad-request', 'this is no question')
  return valueOf(parts, logs, asked)
}

interface AnyAsk {
  readonly kind: AskName
  readonly fields: object
}

/** undefined: it is no question of this kind. Another version of torch may ask more. */
function askOf(question: unknown): AnyAsk | undefined {
  if (typeof question !== 'object' || question === null || !('kind' in question)) return undefined
  const { kind, ...fields } = question
  const known = (Object.keys(askFields) as AskName[]).find((each) => each === kind)
  return known && { kind: known, fields }
}

function checked<N extends AskName>(kind: N, fields: object): Asked<N> {
  const faults = faultsOf(askFields[kind], fields)
  if (faults.length > 0) throw new TorchError('bad-request', `${kind}: ${faults.join('; ')}`)
  return fields as Asked<N>
}

async function valueOf(
  parts: AskParts,
  logs: Set<() => void>,
  { kind, fields }: AnyAsk,
): Promise<unknown> {
  const { answers, daemon, exchange } = parts
  switch (kind) {
    case 'status':
      return statusPart(parts, checked(kind, fields))
    case 'history': {
      const { limit = maxAskedRows, ...filter } = checked(kind, fields)
      return answers.history({ ...filter, limit })
    }
    case 'output':
      return answers.output(checked(kind, fields))
    case 'why':
      return reasonOf(parts, checked(kind, fields))
    case 'log':
      sendLog({ daemon, exchange }, logs, checked(kind, fields))
      return {}
  }
}

/** As many tasks as an answer has room for. */
async function statusPart(
  { answers, daemon, fleet }: AskParts,
  { after, isOfFleet = false, task }: Asked<'status'>,
): Promise<HostStatus> {
  const report = await answers.status(task === undefined ? {} : { task })
  const isMeant = ({ definition }: StatusReport['tasks'][number]): boolean =>
    !isOfFleet || definition?.scope === 'fleet'
  const meant = report.tasks.filter(isMeant)
  const first = after === undefined ? 0 : meant.findIndex(({ name: each }) => each === after) + 1
  const tasks: StatusReport['tasks'] = []
  const head = {
    ...report,
    tasks: [],
    file: { ...report.file, problems: report.file.problems.slice(0, 5) },
  }
  let left = maxAnswerBytes * 0.9 - Buffer.byteLength(JSON.stringify(head))
  for (const each of meant.slice(first, first + maxAskedRows)) {
    left -= Buffer.byteLength(JSON.stringify(each)) + 1
    if (left < 0 && tasks.length > 0) break
    tasks.push(each)
  }
  const isAll = first + tasks.length >= meant.length
  const drift = fleetState(daemon)?.drift ?? []
  const own = fleet.membership.members().find(({ beat }) => beat.host === fleet.host)
  const beat = own?.beat ?? null
  return {
    report: { ...head, tasks },
    beat,
    drift,
    more: isAll ? null : (tasks.at(-1)?.name ?? null),
  }
}

/** How many of the last rows of a task are looked at for those of one slot. */
const maxAskedRowsLookedAt = 2_000

function reasonOf({ daemon, fleet }: AskParts, { task, slot }: Asked<'why'>): HostReason {
  const { tasks, paths } = daemon
  const definition = tasks.all.get(task)
  const shared = definition?.fleet
  const candidates =
    definition === undefined || shared === undefined
      ? []
      : fleet.membership.candidates({ hosts: definition.hosts, ...shared })
  const isOne = candidates.some(({ host }) => host === fleet.host)
  const text = slotText(slot) ?? ''
  const { rows } = readHistoryPage(paths.history, { tasks: [task], limit: maxAskedRowsLookedAt })
  return {
    hasTask: definition !== undefined,
    isHere: tasks.here.has(task),
    rank: isOne ? numberOf({ task, slot, host: fleet.host }, candidates) : null,
    candidates: candidates.length,
    definition: shared?.definition ?? null,
    whyNot: fleet.whyNot(task) ?? null,
    offsetMs: fleet.offsetMs(),
    rows: rows.filter((row) => isOfSlot(row, text)).slice(0, maxAskedRows),
    due: definition === undefined ? null : nearSlots(definition.schedules, slot),
  }
}

/** No schedule has longer gaps: February 29 comes again after eight years. */
const lookBackSeconds = 9 * 366 * 86_400

function nearSlots(schedules: readonly Schedule[], slot: number): NearSlots | null {
  if (schedules.length === 0) return null
  return {
    isDue: schedules.some((schedule) => isDue(schedule, slot)),
    before: slotText(latestDue(schedules, slot - lookBackSeconds, slot - 1)?.last ?? null),
    after: slotText(nextOf(schedules, slot) ?? null),
  }
}

function isOfSlot({ slot, lastSlot }: HistoryRow, text: string): boolean {
  if (slot === null) return false
  return slot === text || (lastSlot !== null && slot <= text && lastSlot >= text)
}
