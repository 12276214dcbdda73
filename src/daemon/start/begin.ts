import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { agendaOf } from '../../plan/agenda.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { freshEntry, nextEntry, type Timetable, timetableOf } from '../../plan/slots.ts'
import { newCounters } from '../../record/counters.ts'
import { type History, openHistory } from '../../record/history/write-history.ts'
import type { Log } from '../../record/log.ts'
import { rebuildHistory } from '../../record/history/rebuild.ts'
import { readHistory } from '../../record/history/read-history.ts'
import { type Faults, newFaults } from '../../run/faults.ts'
import { newRunContext } from '../../run/launch.ts'
import type { Task, TasksFile } from '../../tasks/task.ts'
import { forgetActive, runEnded } from '../starts/after-run.ts'
import { leftOfSecond, secondBefore } from '../recovery/interrupted-second.ts'
import type { Loaded } from '../tasks-file/load.ts'
import { claimBoot, readMemory } from '../recovery/saved-state.ts'
import { factsHere } from '../upkeep/maintenance.ts'
import { writePending } from '../starts/pending.ts'
import { fillPlaces } from '../starts/daemon-tasks.ts'
import { runsHere } from '../tasks-file/apply.ts'
import { offer } from '../starts/request-start.ts'
import type { HomePaths, Settings } from '../settings.ts'
import type { Torch } from '../state.ts'

/** A daemon that has its file and its home, and nothing on its agenda yet. */
export function newTorch(
  host: Host,
  settings: Settings,
  paths: HomePaths,
  log: Log,
  loaded: Loaded & { readonly file: TasksFile },
): Torch {
  const facts = factsHere({ host, settings })
  const now = Math.floor(host.clock.now() / 1000)
  const faults = faultsOf(host, log)
  let made: Torch | undefined
  const torch: Torch = {
    host,
    settings,
    paths,
    log,
    faults,
    history: historyOf(host, paths, log, faults, () => made),
    counters: newCounters(),
    room: newRunContext({
      ...{ host, home: paths.home, hostName: facts.names[0] ?? host.network.name() },
      onEnd(run, conclusion) {
        if (torch.held === undefined) runEnded(torch, run, conclusion)
        else torch.held.push({ run, conclusion })
      },
      onTrouble: ({ description: { task, run } }, words) =>
        log.warn('trouble', { task, run }, words),
      faults,
    }),
    startedMs: host.clock.now(),
    phase: 'running',
    facts,
    loaded,
    tasks: new Map(loaded.file.tasks.map((task) => [task.name, task])),
    refused: undefined,
    lastChange: undefined,
    here: new Map(),
    lately: [],
    applying: Promise.resolve(),
    tick: { done: now, high: now, agenda: agendaOf([]) },
    jumpedMs: -Infinity,
    held: undefined,
    runs: new Map(),
    remains: new Set(),
    untidy: new Set(),
    waiting: new Map(),
    due: new Set(),
    timed: new Map(),
    pendingIsDirty: false,
    vacancies: new Map(),
    wakes: new Map(),
    last: lastRows(paths, log),
  }
  made = torch
  const here = loaded.file.tasks.filter((task) => runsHere(task, facts))
  torch.here = new Map(here.map((task) => [task.name, task]))
  for (const name of torch.last.keys()) if (!torch.tasks.has(name)) torch.last.delete(name)
  return torch
}

function faultsOf({ clock }: Host, log: Log): Faults {
  return newFaults(clock, (words, isOver) => {
    if (isOver) log.info('trouble', {}, words)
    else log.error('trouble', {}, words)
  })
}

function historyOf(
  host: Host,
  paths: HomePaths,
  log: Log,
  faults: Faults,
  made: () => Torch | undefined,
): History {
  // On disk until it is done: a crash must not leave half of it for the whole.
  const mark = `${paths.history}.rebuilding`
  let isOpen = false
  const rebuild = (): void => {
    const add = (row: HistoryRow): void => history.add(row)
    rebuildHistory(host, paths.runs, add, (runs) => {
      history.flush()
      faults.insist('note that the history is whole', () => host.files.remove(mark))
      if (runs === 0) return
      const words = `the history was begun anew, with ${runs} runs that are kept`
      log.warn('rebuilt', { runs }, words)
    })
  }
  const history = openHistory(paths.history, {
    after: (ms, callback) => host.clock.after(ms, callback),
    onTrouble: (words) => log.warn('trouble', { file: paths.history }, words),
    onNew() {
      host.files.write(mark, '')
      if (isOpen) rebuild()
    },
    onWritten(rows) {
      const torch = made()
      // FIRST what follows from an end: nothing but its entry in `active` tells the next daemon of it.
      if (torch !== undefined) writePending(torch)
      forgetActive(host, paths, faults, rows)
    },
  })
  isOpen = true
  if (host.files.facts(mark) !== undefined) rebuild()
  return history
}

/** Only shown: where they cannot be read the daemon starts without them. */
function lastRows(paths: HomePaths, log: Log): Torch['last'] {
  try {
    const reader = readHistory(paths.history)
    const rows = reader.lastOfEach()
    reader.close()
    return rows
  } catch (error) {
    log.warn('trouble', { file: paths.history }, messageOf(error))
    return new Map()
  }
}

/**
 * The first agenda: tasks that the daemon before had too go on from the last second it did, so
 * that what was due meanwhile is made up or missed, and so does what it left undone in that second;
 * new ones begin now.
 */
export function beginAgenda(torch: Torch): void {
  const memory = readMemory(torch)
  const now = torch.tick.done
  const last = memory.slots ?? { done: now, high: now }
  const known: Timetable[] = []
  const wasDue: Timetable[] = []
  const fresh: Timetable[] = []
  const young: Task[] = []
  const begun: Task[] = []
  for (const task of torch.here.values()) {
    const table = timetableOf(task, torch.room.hostName)
    const before = memory.known.get(task.name)
    const isKnown = before?.hash === task.definition
    const group = isKnown ? known : fresh
    group.push(table)
    if (!isKnown) begun.push(task)
    else if (before.since < last.done) wasDue.push(table)
    else young.push(task)
  }
  torch.lately = [
    { second: last.done, tasks: young },
    { second: now, tasks: begun },
  ]
  const left = memory.slots === undefined ? [] : leftOfSecond(torch, wasDue, last)
  const again = new Map(left.map((entry) => [entry.task, entry]))
  const entries = [
    ...known.map((table) => again.get(table.task) ?? nextEntry(table, last.done, last.high)),
    ...fresh.map((table) => freshEntry(table, now, now)),
  ].filter((entry) => entry !== undefined)
  const from = left.length === 0 ? last : secondBefore(last)
  torch.tick = { ...from, agenda: agendaOf(entries) }
}

/** What starts with the daemon: @reboot tasks, once per boot and home, and daemon tasks. */
export function startFirst(torch: Torch): void {
  const isReboot = claimBoot(torch)
  for (const task of torch.here.values()) {
    if (isReboot && task.schedules.some((schedule) => schedule.kind === 'reboot'))
      offer(torch, {
        task: task.name,
        slot: undefined,
        trigger: 'reboot',
        attempt: 1,
        dueMs: undefined,
      })
    if (task.type === 'daemon') fillPlaces(torch, task.name)
  }
  // Adopted runs of daemon tasks that are gone from the file, or not of this machine any more.
  for (const name of torch.runs.keys()) if (!torch.here.has(name)) fillPlaces(torch, name)
}
