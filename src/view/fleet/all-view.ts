import { maxAskedBytes } from '../../control/fleet-reports.ts'
import type { StatusReport, TaskStatus } from '../../control/status-report.ts'
import { TorchError } from '../../errors.ts'
import { isGoneAfter, mergedRows, timeOfRow } from '../../plan/fleet/merged-rows.ts'
import { type HistoryRow, isBad } from '../../plan/history-row.ts'
import { failuresInRow } from '../../plan/run-outcome.ts'
import { startOfRun } from '../../run/directory.ts'
import { grouped } from '../../text/grouped.ts'
import { askedDefinition, askedOutput, pastByPages } from '../asking-view.ts'
import type { View } from '../view.ts'
import { hostToRun, targetParts } from './choose-host.ts'
import type { FleetLook, SharedTask } from './fleet-status.ts'
import { newKeptRows, pageOfRows } from './kept-rows.ts'
import {
  askingMachine,
  type FleetAccess,
  killedRuns,
  rowsOnlyTask,
  startOn,
  tasksLeft,
} from './machine-view.ts'
import { newRowFilter, polled } from './poll.ts'
import { readRows } from './read-answer.ts'

/** Plain tasks are shown if they left a row in this time. */
const plainMs = 86_400_000
const maxNewRows = 200
/** While the engine is away: the rows of this machine. */
const maxOwnRows = 500

/**
 * All machines as one: the tasks that the fleet shares, and the plain tasks that left rows in it, which are called
 * `task@machine`. Rows say which machine they are of.
 */
export function allView(access: FleetAccess, own: Pick<View, 'page'>): View {
  const { ask, clock, looks } = access
  const kept = newKeptRows(ask, clock)

  async function rowsOf(task?: string): Promise<readonly HistoryRow[]> {
    const look = await looks.look()
    const { link, host, tasks } = look.status
    if (link.state !== 'up') {
      const names = tasks.map(({ name }) => name)
      const { rows } = await own.page({ tasks: names, limit: maxOwnRows })
      return fleetRows(look, [...(await kept.all()), ...rows.map((row) => ({ ...row, host }))])
    }
    const older = task === undefined ? [] : await kept.of(targetParts(task)[0]).catch(() => [])
    return fleetRows(look, [...(await kept.all()), ...older])
  }
  async function rowOf(run: string): Promise<HistoryRow | undefined> {
    const found = (await rowsOf()).find((row) => row.run?.startsWith(run) === true)
    if (found !== undefined) return found
    const { answers } = await ask('fleetAsk', { question: { kind: 'history', run } })
    const rows = answers.flatMap((each) =>
      'value' in each ? readRows(each.host, each.value).rows : [],
    )
    return rows.find((row) => row.run === run)
  }
  const page: View['page'] = async (filter) => {
    const [only, ...others] = filter.tasks ?? []
    return pageOfRows(await rowsOf(others.length === 0 ? only : undefined), filter)
  }

  return {
    async status() {
      const look = await looks.look()
      const rows = await rowsOf()
      const running = rows.filter(({ outcome }) => outcome === 'running')
      return { report: reportOf(look, rows, clock.now()), isSilent: false, running }
    },
    follow(signal) {
      const newOnes = newRowFilter()
      return polled(
        clock,
        async () => {
          const { status } = await looks.look()
          const nexts = new Map(status.tasks.map(({ name, next }) => [name, next]))
          const rows = newOnes((await rowsOf()).slice(0, maxNewRows))
          return rows.map((row) => ({ row, next: nexts.get(row.task) ?? null }))
        },
        signal,
      )
    },
    ...pastByPages(page, true),
    page,
    run: rowOf,
    async output({ run }, from, bytes) {
      const row = await rowOf(run)
      if (row === undefined) return undefined
      return askedOutput(
        askingMachine(ask, row.host),
        { task: row.task, run },
        { from, bytes },
        maxAskedBytes,
      )
    },
    async definition(task) {
      const { statuses } = await looks.look()
      const [name, host] = targetParts(task)
      const having = [...statuses].filter(([, { report, drift }]) =>
        report.tasks.some((each) => each.name === name && !drift.some((odd) => odd.task === name)),
      )
      const from = host ?? having[0]?.[0]
      return from === undefined ? undefined : askedDefinition(askingMachine(ask, from), name)
    },
    fileChange: async () => null,
    metrics: () => Promise.reject(new TorchError('internal', 'a machine gives its own metrics')),
    async start({ task, force, by = '' }) {
      const [name, host] = targetParts(task)
      const { statuses } = await looks.look()
      const slot = Math.floor(clock.now() / 1000)
      return startOn(access, host ?? hostToRun(statuses, name, slot), { task: name, force, by })
    },
    async kill({ target, by = '' }) {
      const [name, host] = targetParts(target)
      const { status } = await looks.look()
      // A task by its name, or a run by the beginning of its id.
      const running = status.tasks.flatMap((task) =>
        task.running.filter(
          ({ run, isSure }) => isSure && (task.name === name || run.startsWith(name)),
        ),
      )
      const hosts = host === undefined ? new Set(running.map((each) => each.host)) : [host]
      const request = { target: name, signal: null }
      const answers = await Promise.allSettled(
        [...hosts].map(async (each) => killedRuns(await access.tell(each, 'kill', by, request))),
      )
      const killed = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      if (killed.length > 0) return { runs: killed.flat() }
      const refused = answers.find((each) => each.status === 'rejected')
      throw (
        refused?.reason ??
        new TorchError('not-running', `${name} is not running on a machine that is up`)
      )
    },
    pause: () => Promise.reject(noPause()),
    resume: () => Promise.reject(noPause()),
  }
}

function noPause(): TorchError {
  return new TorchError('not-allowed', 'a pause holds for one machine', {
    hint: 'choose this machine on its own page, or use torch pause there',
  })
}

/** The rows of all machines, newest first, as all others see them. */
function fleetRows(
  { status, report: { members }, statuses }: FleetLook,
  kept: readonly HistoryRow[],
): HistoryRow[] {
  const silentMs = new Map(
    members.map(({ host, isLive, heardAgoMs }) => [host, isLive ? 0 : heardAgoMs]),
  )
  const shared = new Set(status.tasks.map(({ name }) => name))
  const live = [...statuses].flatMap(([host, { report }]) =>
    report.tasks.flatMap((task) => [
      ...(task.last === null ? [] : [{ ...task.last, host }]),
      ...task.running.map((run) => runningRow(host, task.name, run)),
    ]),
  )
  const rows = mergedRows([kept, live], {
    isGone: (host) => isGoneAfter(silentMs.get(host)),
    isOfFleet: (task) => shared.has(task),
  })
  return rows.map((row) =>
    shared.has(row.task) ? row : { ...row, task: `${row.task}@${row.host}` },
  )
}

/** Its machine tells more in a moment. */
function runningRow(host: string, task: string, run: string): HistoryRow {
  return {
    ...{ run, task, host, outcome: 'running' },
    startedAt: new Date(startOfRun(run)).toISOString(),
    ...{ slot: null, endedAt: null, durationMs: null, exitCode: null, signal: null, reason: null },
    ...{ trigger: null, attempt: null, lateMs: null, revision: null, lastSlot: null, count: null },
    script: null,
  }
}

/** The tasks as the page shows them. While the engine is away nothing of the fleet starts. */
function reportOf(
  { status, statuses }: FleetLook,
  rows: readonly HistoryRow[],
  nowMs: number,
): StatusReport {
  const isUp = status.link.state === 'up'
  const byTask = grouped(rows, ({ task }) => task)
  const shared = status.tasks.map((task): TaskStatus => {
    const own = byTask.get(task.name) ?? []
    const ended = own.find(({ outcome }) => outcome !== 'running') ?? task.last
    const lost = new Set(
      own.flatMap(({ run, outcome }) => (outcome === 'running' ? [] : (run ?? []))),
    )
    return {
      ...definedTask(task, statuses),
      next: isUp ? task.next : null,
      running: isUp
        ? task.running.map(({ run }) => run).filter((run) => !lost.has(run))
        : own.flatMap(({ run, outcome }) => (outcome === 'running' ? (run ?? []) : [])),
      last: ended,
      counts: { failures: failuresOf(own), skips: 0, restarts: 0 },
    }
  })
  const names = new Set(status.tasks.map(({ name }) => name))
  const plain = rows.filter((row) => !names.has(row.task) && isRecent(row, nowMs))
  return {
    daemon: { pid: 0, version: '', startedAt: new Date(0).toISOString(), state: 'running' },
    host: { name: status.fleet, addresses: [] },
    file: { path: '', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [...shared, ...tasksLeft([], plain)],
  }
}

/** As most machines have it. */
function definedTask({ name }: SharedTask, statuses: FleetLook['statuses']): TaskStatus {
  const versions = [...statuses.values()].flatMap(({ report, drift }) =>
    report.tasks.flatMap((task) =>
      task.name === name ? [{ task, isOdd: drift.some((each) => each.task === name) }] : [],
    ),
  )
  const found = versions.find(({ isOdd }) => !isOdd) ?? versions[0]
  return { ...(found?.task ?? rowsOnlyTask(name)), here: true, reason: null, nextRestart: null }
}

/** Runs in a row that failed, on whichever machine. */
function failuresOf(rows: readonly HistoryRow[]): number {
  const ended = rows.filter(({ outcome }) => outcome === 'ok' || isBad(outcome))
  return failuresInRow(ended).length
}

function isRecent(row: HistoryRow, nowMs: number): boolean {
  return row.outcome === 'running' || timeOfRow(row) > nowMs - plainMs
}
