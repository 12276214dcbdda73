import { maxAskedBytes, maxAskedRows } from '../../control/fleet-reports.ts'
import type { StatusReport, TaskStatus } from '../../control/status-report.ts'
import { errorFromJson, TorchError } from '../../errors.ts'
import type { Clock } from '../../host/clock.ts'
import { isGoneAfter, mergedRows, timeOfRow } from '../../plan/fleet/merged-rows.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { isRunId } from '../../run/directory.ts'
import { fieldsOf } from '../../text/fields-of.ts'
import { grouped } from '../../text/grouped.ts'
import { askedDefinition, askedOutput, type Asking, pastByPages } from '../asking-view.ts'
import { rowPage } from '../row-pages.ts'
import type { Away, View } from '../view.ts'
import type { FleetLooks } from './fleet-looks.ts'
import { type AskFleet, rowsLeft, statusOfAll } from './fleet-status.ts'
import { pageOfRows } from './kept-rows.ts'
import { newRowFilter, polled } from './poll.ts'
import { readRows, readStatus } from './read-answer.ts'

/** Tells a machine of the fleet to do something. Throws its error. */
export type TellMachine = (
  host: string,
  verb: 'run' | 'kill',
  who: string,
  request: ToldRequest,
) => Promise<unknown>

/** What a machine is told: of `run` the task, of `kill` the task or run. */
interface ToldRequest {
  readonly task?: string
  readonly force?: boolean
  readonly target?: string
  readonly signal?: null
}

export interface FleetAccess {
  readonly ask: AskFleet
  readonly tell: TellMachine
  readonly clock: Clock
  readonly looks: FleetLooks
}

/** Of the rows that a machine left in the fleet. */
const maxLeft = 500

/**
 * Another machine of the fleet, through the daemon of this one. While it does not answer: what it said last, and
 * what it left in the fleet.
 */
export function machineView(access: FleetAccess, host: string): View {
  const { ask: askFleet, clock } = access
  let last: StatusReport | undefined
  let away: { readonly rows: readonly HistoryRow[] } | undefined
  const asking = askingMachine(askFleet, host)

  async function status(): ReturnType<View['status']> {
    try {
      last = await wholeStatus(askFleet, host)
      away = undefined
      return { report: last, isSilent: false }
    } catch (error) {
      if (!isAway(error)) throw error
      const found = await awayStatus(access, host, last)
      away = found
      return { report: found.report, isSilent: false, away: found.away }
    }
  }

  const page: View['page'] = async (filter) => {
    if (away !== undefined) return pageOfRows(away.rows, filter)
    return rowPage(
      (step) => asking.history({ ...step, limit: Math.min(step.limit, maxAskedRows) }),
      filter,
    )
  }

  return {
    status,
    follow(signal) {
      const newOnes = newRowFilter()
      return polled(
        clock,
        async () => {
          const nexts = new Map(last?.tasks.map(({ name, next }) => [name, next]))
          const { rows } = await page({ limit: maxAskedRows })
          return newOnes(rows).map((row) => ({ row, next: nexts.get(row.task) ?? null }))
        },
        signal,
      )
    },
    ...pastByPages(page),
    page,
    async run(run) {
      if (away !== undefined) return away.rows.find((row) => row.run?.startsWith(run) === true)
      return (await asking.history({ run })).rows[0]
    },
    output: (run, from, bytes) => askedOutput(asking, run, { from, bytes }, maxAskedBytes),
    definition: (task) => askedDefinition(asking, task),
    // Its file is on its own disk.
    fileChange: async () => null,
    metrics: () => Promise.reject(new TorchError('internal', 'a machine gives its own metrics')),
    start: ({ task, force, by = '' }) => startOn(access, host, { task, force, by }),
    kill: async ({ target, by = '' }) => ({
      runs: killedRuns(await access.tell(host, 'kill', by, { target, signal: null })),
    }),
    pause: () => Promise.reject(onlyThere(host)),
    resume: () => Promise.reject(onlyThere(host)),
  }
}

function onlyThere(host: string): TorchError {
  return new TorchError('not-allowed', `tasks of ${host} can be paused only on ${host}`, {
    hint: 'torch pause, or torch web --actions on that machine',
  })
}

/** Starts a task on a machine, and says which run it is. */
export async function startOn(
  { tell }: Pick<FleetAccess, 'tell'>,
  host: string,
  { task, force, by }: { readonly task: string; readonly force: boolean; readonly by: string },
): ReturnType<View['start']> {
  const run = startedRun(host, await tell(host, 'run', by, { task, force }))
  return { run, task, directory: '', elsewhere: false }
}

/** What a machine answers to `run`. */
export function startedRun(host: string, value: unknown): string {
  const { run } = fieldsOf(value)
  if (typeof run === 'string' && isRunId(run)) return run
  throw new TorchError('internal', `${host} did not say which run it started`)
}

/** What a machine answers to `kill`. */
export function killedRuns(value: unknown): { readonly run: string; readonly task: string }[] {
  const { runs } = fieldsOf(value)
  if (!Array.isArray(runs)) return []
  return (runs as readonly unknown[]).flatMap((each) => {
    const { run, task } = fieldsOf(each)
    return typeof run === 'string' && typeof task === 'string' ? [{ run, task }] : []
  })
}

/** Asks one machine as its own control socket would be asked. */
export function askingMachine(ask: AskFleet, host: string): Asking {
  return {
    history: async (request) =>
      readRows(host, await answerOf(ask, host, { kind: 'history', ...request })),
    output: async (request) => {
      const value = await answerOf(ask, host, { kind: 'output', ...request })
      const { text, from, next, size, isWhole } = fieldsOf(value)
      const numbers = [from, next, size]
      if (typeof text !== 'string' || !numbers.every((each) => Number.isSafeInteger(each)))
        throw new TorchError('no-host', `the answer of ${host} cannot be read`)
      const [begin, end, whole] = numbers.map(Number)
      return { text, from: begin ?? 0, next: end ?? 0, size: whole ?? 0, isWhole: isWhole === true }
    },
    status: async (request) => {
      const value = await answerOf(ask, host, { kind: 'status', ...request })
      const status = readStatus(host, value)
      if (status === undefined)
        throw new TorchError('no-host', `the answer of ${host} cannot be read`)
      return status.report
    },
  }
}

async function answerOf(ask: AskFleet, host: string, question: object): Promise<unknown> {
  const { answers } = await ask('fleetAsk', { hosts: [host], question: { ...question } })
  const [answer] = answers
  if (answer === undefined) throw new TorchError('no-host', `${host} does not answer`)
  if ('error' in answer) throw errorFromJson(answer.error)
  return answer.value
}

/** The whole status of a machine, whose tasks may come in parts. */
async function wholeStatus(ask: AskFleet, host: string): Promise<StatusReport> {
  const notes: string[] = []
  const asked = (request: Parameters<typeof ask<'fleetAsk'>>[1]) => ask('fleetAsk', request)
  const status = (await statusOfAll(asked, [host], notes, false)).get(host)
  if (status !== undefined) return status.report
  const [why = `${host} does not answer`] = notes
  throw new TorchError('no-host', why, { hint: 'torch fleet status shows which machines are up' })
}

/** What is known of a machine that does not answer. */
async function awayStatus(
  { ask, clock, looks }: FleetAccess,
  host: string,
  last: StatusReport | undefined,
): Promise<{ report: StatusReport; rows: readonly HistoryRow[]; away: Away }> {
  const [{ status }, left] = await Promise.all([
    looks.look(),
    rowsLeft(ask, { hosts: [host], limit: maxLeft }, []),
  ])
  const machine = status.machines.find((each) => each.host === host)
  const heardAgoMs = machine?.heardAgoMs ?? null
  const isGone = isGoneAfter(heardAgoMs)
  const rows = mergedRows([left], { isGone: () => isGone, isOfFleet: () => false })
  const state = machine?.state ?? 'unknown'
  return {
    rows,
    away: {
      state: state === 'stopped' || state === 'unknown' ? state : 'silent',
      heardAt: heardAgoMs === null ? null : wholeSeconds(clock.now() - heardAgoMs),
    },
    report: {
      daemon: null,
      host: last?.host ?? { name: host, addresses: [] },
      file: {
        ...{ path: last?.file.path ?? '', revision: machine?.revision ?? null, loadedAt: null },
        ...{ ok: true, problems: [] },
      },
      tasks: tasksLeft(last?.tasks ?? [], rows),
    },
  }
}

/** It was heard at one moment: the measured one moves by some milliseconds. */
function wholeSeconds(ms: number): string {
  return new Date(Math.round(ms / 5_000) * 5_000).toISOString()
}

/** The tasks that a machine had, and those that only its rows name, as its rows show them. */
export function tasksLeft(known: readonly TaskStatus[], rows: readonly HistoryRow[]): TaskStatus[] {
  const byTask = grouped(rows, ({ task }) => task)
  const names = new Set([...known.map(({ name }) => name), ...byTask.keys()])
  const before = new Map(known.map((task) => [task.name, task]))
  return [...names].map((name) => {
    const of = byTask.get(name) ?? []
    const task = before.get(name) ?? rowsOnlyTask(name)
    const ended = of.find(({ outcome }) => outcome !== 'running') ?? null
    const isNewer =
      ended !== null && (task.last === null || timeOfRow(ended) >= timeOfRow(task.last))
    return {
      ...task,
      next: null,
      nextRestart: null,
      running: of.flatMap(({ outcome, run }) =>
        outcome === 'running' && run !== null ? [run] : [],
      ),
      last: isNewer ? ended : task.last,
    }
  })
}

/** A task of which only rows are known. Without a definition, nobody says that it is not in the file. */
export function rowsOnlyTask(name: string): TaskStatus {
  return {
    ...{ name, type: 'common', description: null, labels: {}, here: true, reason: null },
    ...{ next: null, jitterMs: 0, running: [], last: null },
  }
}

function isAway(error: unknown): boolean {
  return error instanceof TorchError && (error.code === 'no-host' || error.code === 'no-engine')
}
