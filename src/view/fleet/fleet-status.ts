import type { FleetReport, MemberReport, TakeoverReport } from '../../control/fleet-reports.ts'
import type { Protocol } from '../../control/protocol.ts'
import type { TaskStatus } from '../../control/status-report.ts'
import type { HostStatus } from '../../daemon/fleet/answer-asks.ts'
import { TorchError } from '../../errors.ts'
import { type MemberState, mostCommon, stateOf } from '../../plan/fleet/members.ts'
import { mergedRows, timeOfRow } from '../../plan/fleet/merged-rows.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { grouped } from '../../text/grouped.ts'
import { readRow, readStatus } from './read-answer.ts'

/** Asks the daemon of this machine, which knows its fleet. */
export type AskFleet = <N extends 'fleetState' | 'fleetAsk' | 'fleetRows' | 'fleetClaim'>(
  name: N,
  request: Protocol[N]['request'],
) => Promise<Protocol[N]['reply']>

/** Asks machines, all or some, and gives what they answer. */
export type AskMachines = (
  request: Protocol['fleetAsk']['request'],
) => Promise<Protocol['fleetAsk']['reply']>

/** A machine of the fleet, as the others see it. */
export interface Machine {
  readonly host: string
  /** `unknown`: it was not heard since the daemon of this machine started. */
  readonly state: MemberState | 'unknown'
  readonly heardAgoMs: number | null
  readonly revision: string | null
  /** When its revision was committed, in milliseconds since the epoch. */
  readonly committedMs: number | null
  /** Its tasks of the fleet are not those that most machines have. */
  readonly isOdd: boolean
  /** The tasks that differ from those of most machines. */
  readonly differs: readonly string[]
  readonly running: number | null
  /** The places that it has, as `task/index`. */
  readonly places: readonly string[]
  /** How far its clock is ahead of the engine's. */
  readonly offsetMs: number | null
  readonly torch: string | null
  /** The version of its time zone data. */
  readonly tz: string | null
  /** Its time zone data are not those that most machines have: its schedules may have other slots. */
  readonly hasOtherTz: boolean
  /** Of a silent machine: when others take its places. */
  readonly takeovers: readonly TakeoverReport[]
  readonly trouble: readonly string[]
}

/** A task that the machines share. */
export interface SharedTask {
  readonly name: string
  readonly type: TaskStatus['type']
  readonly labels: Readonly<Record<string, string>>
  /** How many may run at a time; null: any number. */
  readonly max: number | null
  readonly next: string | null
  /** `isSure`: its machine says so now. */
  readonly running: readonly {
    readonly host: string
    readonly run: string
    readonly isSure: boolean
  }[]
  readonly last: HistoryRow | null
}

/** The fleet, as this machine sees it. */
export interface FleetStatus extends Pick<
  FleetReport,
  'fleet' | 'host' | 'link' | 'engine' | 'whyNot' | 'rowsWaiting'
> {
  readonly machines: readonly Machine[]
  readonly tasks: readonly SharedTask[]
  /** What is not known, and why. */
  readonly notes: readonly string[]
}

/** The last rows that machines left in the fleet, for those that are down. */
const keptRows = 500

/** Looks at the whole fleet. Without the engine: what this machine knows. */
export async function fleetStatus(ask: AskFleet): Promise<FleetStatus> {
  const look = await lookAtFleet(ask, (notes) => rowsLeft(ask, { limit: keptRows }, notes))
  return look.status
}

/** A look at the fleet, and what it is made of. */
export interface FleetLook {
  readonly status: FleetStatus
  readonly report: FleetReport
  /** Of each machine that answered, with the tasks that the fleet shares. */
  readonly statuses: ReadonlyMap<string, HostStatus>
}

/** As fleetStatus(), with the last rows that machines left in the fleet from elsewhere. */
export async function lookAtFleet(
  ask: AskFleet,
  readRows: (notes: string[]) => Promise<readonly HistoryRow[]>,
): Promise<FleetLook> {
  const report = await ask('fleetState', {})
  const notes: string[] = []
  const isUp = report.link.state === 'up'
  const [statuses, rows] = await Promise.all([
    statusOfAll((asked) => ask('fleetAsk', asked), isUp ? undefined : [report.host], notes),
    isUp ? readRows(notes) : [],
  ])
  const { fleet, host, link, whyNot, rowsWaiting, engine } = report
  const machines = machinesOf(report, statuses, rows)
  const down = machines.filter(({ state }) => state !== 'up' && state !== 'stopping')
  const names = new Set(down.map((each) => each.host))
  const left = rows.filter((row) => names.has(row.host))
  const merged = mergedRows([left], { isGone: () => false, isOfFleet: () => true })
  const status = {
    ...{ fleet, host, link, whyNot, rowsWaiting, engine, machines },
    tasks: sharedTasks(statuses, merged),
    notes,
  }
  return { status, report, statuses }
}

/** The rows that machines left in the fleet; without an answer none, and a note. */
export async function rowsLeft(
  ask: AskFleet,
  query: Protocol['fleetRows']['request'],
  notes: string[],
): Promise<readonly HistoryRow[]> {
  try {
    const { rows } = await ask('fleetRows', query)
    return rows.flatMap((row) => readRow(row.host, row) ?? [])
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    notes.push(`rows of machines that are down are not known: ${error.message}`)
    return []
  }
}

/** The status of each machine with the tasks that the fleet shares; what is more than an answer holds is asked again. */
export async function statusOfAll(
  ask: AskMachines,
  hosts: readonly string[] | undefined,
  notes: string[],
  isOfFleet = true,
): Promise<Map<string, HostStatus>> {
  const question = { kind: 'status', isOfFleet }
  const { answers } = await ask({ ...(hosts !== undefined && { hosts }), question })
  const statuses = new Map<string, HostStatus>()
  for (const answer of answers) {
    if ('error' in answer) {
      notes.push(`${answer.host}: ${answer.error.message}`)
      continue
    }
    const status = readStatus(answer.host, answer.value)
    if (status === undefined) notes.push(`${answer.host}: its answer cannot be read`)
    else {
      const known = statuses.get(answer.host)?.beat?.session
      if (known !== undefined && status.beat !== null && status.beat.session !== known)
        notes.push(
          `two daemons say that they are ${answer.host}: neither starts anything of the fleet`,
        )
      statuses.set(answer.host, status)
    }
  }
  await Promise.all([...statuses].map(([host]) => addRest(ask, statuses, host, question)))
  return statuses
}

/** More than 10,000 tasks: a machine that always has more is no endless work. */
const maxParts = 200

async function addRest(
  ask: AskMachines,
  statuses: Map<string, HostStatus>,
  host: string,
  question: object,
): Promise<void> {
  let known = statuses.get(host)
  for (let part = 0; part < maxParts && known !== undefined && known.more !== null; part += 1) {
    const asked = { ...question, after: known.more }
    const { answers } = await ask({ hosts: [host], question: asked })
    const [answer] = answers
    const rest = answer && 'value' in answer ? readStatus(host, answer.value) : undefined
    if (rest === undefined) return
    const { report, more } = rest
    const tasks = [...known.report.tasks, ...report.tasks]
    known = {
      ...known,
      report: { ...known.report, tasks },
      more: report.tasks.length === 0 ? null : more,
    }
    statuses.set(host, known)
  }
}

function machinesOf(
  { members }: FleetReport,
  statuses: ReadonlyMap<string, HostStatus>,
  rows: readonly HistoryRow[],
): Machine[] {
  const all = new Map(members.map((member) => [member.host, member]))
  // What a machine says of itself now is newer than its last heartbeat.
  for (const { beat } of statuses.values())
    if (beat !== null) all.set(beat.host, { ...beat, takeovers: [], isLive: true, heardAgoMs: 0 })
  const heard = [...all.values()]
  const live = heard.filter(({ isLive }) => isLive)
  const usual = {
    hash: mostCommon(live.map(({ file }) => file.hash)),
    tz: mostCommon(live.map(({ tz }) => tz)),
  }
  const others = new Set(rows.map(({ host }) => host).filter((host) => !all.has(host)))
  return [
    ...heard.map((member) => machineOf(member, statuses.get(member.host), usual)),
    ...[...others].map(unheardMachine),
  ].toSorted((a, b) => (a.host < b.host ? -1 : 1))
}

/** `usual`: what most machines have. */
function machineOf(
  member: MemberReport,
  status: HostStatus | undefined,
  usual: { readonly hash: string | undefined; readonly tz: string | undefined },
): Machine {
  const { host, file, running, places, offsetMs, torch, heardAgoMs, tz, takeovers = [] } = member
  return {
    ...{
      host,
      state: stateOf(member.isLive, member.isDraining),
      heardAgoMs,
      revision: file.revision,
    },
    committedMs: file.committedMs,
    isOdd: file.hash !== usual.hash,
    differs: status?.drift.map(({ task }) => task) ?? [],
    ...{ running, places, offsetMs, torch, tz, takeovers },
    hasOtherTz: tz !== usual.tz,
    trouble: status?.report.trouble?.map(({ message }) => message) ?? [],
  }
}

function unheardMachine(host: string): Machine {
  return {
    ...{
      host,
      state: 'unknown',
      heardAgoMs: null,
      revision: null,
      committedMs: null,
      isOdd: false,
    },
    ...{ differs: [], running: null, places: [], offsetMs: null, torch: null, trouble: [] },
    ...{ tz: null, hasOtherTz: false, takeovers: [] },
  }
}

/** The tasks of all machines that answered, by name. */
function sharedTasks(
  statuses: ReadonlyMap<string, HostStatus>,
  left: readonly HistoryRow[],
): SharedTask[] {
  const all = [...statuses].flatMap(([host, { report }]) =>
    report.tasks
      .filter(({ definition }) => definition?.scope === 'fleet')
      .map((task) => ({ host, task })),
  )
  const byName = grouped(all, ({ task }) => task.name)
  return [...byName].map(([name, versions]) => {
    const rows = left.filter(({ task }) => task === name)
    const nexts = versions.flatMap(({ task }) => task.next ?? [])
    const own = versions.flatMap(({ host, task }) =>
      task.last === null ? [] : { ...task.last, host },
    )
    const ended = [...own, ...rows.filter(({ outcome }) => outcome !== 'running')]
    const unsure = rows.filter(({ outcome }) => outcome === 'running')
    return {
      name,
      type: versions[0]?.task.type ?? 'common',
      labels: versions[0]?.task.labels ?? {},
      max: versions[0]?.task.definition?.max ?? null,
      next: nexts.toSorted()[0] ?? null,
      running: [
        ...versions.flatMap(({ host, task }) =>
          task.running.map((run) => ({ host, run, isSure: true })),
        ),
        ...unsure.map(({ host, run }) => ({ host, run: run ?? '', isSure: false })),
      ],
      last: ended.toSorted((a, b) => timeOfRow(b) - timeOfRow(a))[0] ?? null,
    }
  })
}
