import type { DaemonEnd } from '../../control/status-report.ts'
import type { HistoryRow } from '../../plan/history-row.ts'
import { isTimeToRepeat, isWanted, newNotice, type Notice } from '../../plan/notify/notice.ts'
import type { Pause } from '../../plan/pauses.ts'
import { afterEnd, afterNoStart, afterStart } from '../../plan/notify/row-notices.ts'
import { isFailure } from '../../plan/run-outcome.ts'
import { runRow } from '../../record/history/rows.ts'
import type { RunConclusion, RunDescription } from '../../run/directory.ts'
import { type Problem, problemLine } from '../../tasks/file/problem.ts'
import type { Task } from '../../tasks/task.ts'
import { counted } from '../../text/plural.ts'
import { decide, lookAtTasks } from './look-at-tasks.ts'
import { type NotifyState, readNotifyState } from './saved-notify.ts'
import { type Deciding, flush, type NotificationParts, sendDigests, tell } from './send-decided.ts'

/** Decides who gets a message about what happens, and hands it to the outbox. Nothing here throws. */
export interface Notifications {
  /** The tasks file may have changed. */
  follow(): void
  /** Gets every row of the history, except those of runs that have ended. */
  noteRow(row: HistoryRow): void
  /** A run has ended. `hasRetry`: another attempt follows. */
  ended(run: RunDescription, conclusion: RunConclusion, hasRetry: boolean): void
  /** Somebody paused these tasks of this host. */
  paused(tasks: readonly string[], pause: Pause): void
  /** A place of a daemon task is given up. */
  gaveUp(task: string, what: Pick<Notice, 'atMs' | 'reason'> & { readonly run: string }): void
  /** They start again. `by`: null if the pause has ended by itself. */
  resumed(tasks: readonly string[], by: string | null): void
  /** How the previous daemon ended, when this one starts. */
  noteEnd(end: DaemonEnd | null): void
  /** Looks at what depends on time. To be called each second. */
  look(): void
  /** Everything that was decided is on the disk when this returns. */
  flush(): void
  /** The same, with what can be found out again. The last call. */
  save(): void
}

/** What changes with each run is written this seldom. */
const looksPerSave = 60

export function newNotifications(parts: NotificationParts): Notifications {
  const { clock, host, paths, tasks } = parts
  const read = readNotifyState(host, paths)
  const state: Deciding = {
    ...parts,
    startedMs: clock.now(),
    outage: { previous: undefined, toMs: clock.now() },
    kept: read ?? { tasks: failuresOf(parts), windows: new Map(), refused: undefined },
    pending: [],
    dirty: 'no',
    looks: 0,
  }
  const taskOf = (name: string): Task | undefined => tasks.here.get(name) ?? tasks.all.get(name)
  return {
    follow: () => follow(state),
    noteRow(row) {
      const task = taskOf(row.task)
      if (task === undefined || (row.run !== null && row.outcome !== 'running')) return
      const hasStarted = row.outcome === 'running'
      if (hasStarted) pingStart(state, row)
      const before = state.kept.tasks.get(row.task) ?? {}
      decide(
        state,
        task,
        hasStarted ? afterStart(task, before, row) : afterNoStart(task, before, row),
      )
    },
    ended(run, conclusion, hasRetry) {
      const task = taskOf(run.task)
      if (task === undefined) return
      const row = runRow(run, conclusion)
      if (!hasRetry) pingEnd(state, row)
      decide(state, task, afterEnd(task, state.kept.tasks.get(run.task) ?? {}, row, hasRetry))
    },
    paused(names, { by, reason, untilMs, sinceMs }) {
      const until = untilMs === null ? '' : ` until ${new Date(untilMs).toISOString()}`
      const words = `by ${by}${until}${reason === null ? '' : `: ${reason}`}`
      tellOfEach(state, names, { kind: 'paused', atMs: sinceMs, reason: words })
    },
    gaveUp(task, { run, atMs, reason }) {
      const notify = tasks.here.get(task)?.notify
      const key = `gave-up/${task}/${run}`
      if (notify !== undefined && isWanted(notify, 'gave-up'))
        tell(state, notify, newNotice({ kind: 'gave-up', task, run, atMs, reason, key }))
    },
    resumed(names, by) {
      const reason = by === null ? 'the pause has ended' : `by ${by}`
      tellOfEach(state, names, { kind: 'resumed', atMs: clock.now(), reason })
    },
    noteEnd: (end) => noteEnd(state, end),
    look() {
      if (parts.phase.now === 'gone') return
      state.looks += 1
      noteRefused(state)
      lookAtTasks(state, state.looks)
      sendDigests(state)
      if (state.looks % looksPerSave === 0 && state.dirty === 'soon') state.dirty = 'now'
      flush(state)
    },
    flush: () => flush(state),
    save() {
      if (state.dirty === 'soon') state.dirty = 'now'
      flush(state)
    },
  }
}

/** The same about several tasks. */
function tellOfEach(
  state: Deciding,
  names: readonly string[],
  { kind, atMs, reason }: Pick<Notice, 'kind' | 'atMs' | 'reason'>,
): void {
  for (const task of names) {
    const notify = state.tasks.here.get(task)?.notify
    const key = `${kind}/${task}/${atMs}`
    if (notify !== undefined && isWanted(notify, kind))
      tell(state, notify, newNotice({ kind, task, atMs, reason, key }))
  }
}

/** Without a file of the previous daemon: what fails is known, but not whether anybody knows it. */
function failuresOf({ tasks, runs }: NotificationParts): NotifyState['tasks'] {
  const found: NotifyState['tasks'] = new Map()
  for (const { name, notify } of tasks.here.values()) {
    const last = runs.last(name)
    if (!isWanted(notify, 'failed') || last?.run == null || last.endedAt === null) continue
    if (!isFailure(last)) continue
    const sinceMs = Date.parse(last.endedAt)
    found.set(name, { failing: { sinceMs, run: last.run, toldMs: null } })
  }
  return found
}

function follow({ notifier, tasks }: Deciding): void {
  const { targets, heartbeat } = tasks.loaded.file.notify
  notifier.follow({
    targets,
    pingOf: (task) => tasks.here.get(task)?.ping,
    heartbeat,
  })
}

/** A tasks file that was refused, unless only the machine could not read it for a moment. */
function noteRefused(state: Deciding): void {
  const { tasks, kept, clock } = state
  const { refused } = tasks
  if (refused === undefined) return noteGoodAgain(state)
  if (refused.isTemporary === true) return
  const { daemon } = tasks.loaded.file.notify
  if (!isWanted(daemon, 'refused')) return
  const nowMs = clock.now()
  const before = kept.refused
  const isKnown = before?.hash === refused.hash
  if (before !== undefined && isKnown && !isTimeToRepeat(daemon, before.toldMs, nowMs)) return
  const sinceMs = before?.sinceMs ?? refused.atMs
  const key = `refused/${refused.hash}/${isKnown ? before?.toldMs : ''}`
  const reason = ['the last good file stays in use', ...errorWords(refused.problems)].join('; ')
  const to = [...new Set([...(before?.to ?? []), ...daemon.to])]
  kept.refused = { hash: refused.hash, sinceMs, toldMs: nowMs, to }
  tell(state, daemon, newNotice({ kind: 'refused', task: null, atMs: nowMs, sinceMs, reason, key }))
}

/** The first error, and how many more there are. */
function errorWords(problems: readonly Problem[]): string[] {
  const [first, ...more] = problems.filter(({ severity }) => severity === 'error')
  if (first === undefined) return []
  const rest = more.length === 0 ? '' : `, and ${counted(more.length, 'more problem')}`
  return [problemLine(first) + rest]
}

/** Whoever heard that the file was refused hears that this is over, unless the new file has no such target. */
function noteGoodAgain(state: Deciding): void {
  const { tasks, kept, clock } = state
  const before = kept.refused
  if (before === undefined) return
  kept.refused = undefined
  state.dirty = 'now'
  const { targets, daemon } = tasks.loaded.file.notify
  const names = new Set(targets.map(({ name }) => name))
  const to = (before.to ?? daemon.to).filter((name) => names.has(name))
  const { revision } = tasks.loaded
  const { hash, sinceMs, toldMs } = before
  const facts = { atMs: clock.now(), sinceMs, key: `recovered/refused/${hash}/${toldMs}` }
  const reason = revision === null ? null : `revision ${revision} is loaded`
  tell(state, { ...daemon, to }, newNotice({ kind: 'recovered', task: null, reason, ...facts }))
}

function noteEnd(state: Deciding, end: DaemonEnd | null): void {
  if (end !== null) {
    const { how, at, by } = end
    state.outage = { ...state.outage, previous: { how, atMs: Date.parse(at), by } }
  }
  const { daemon } = state.tasks.loaded.file.notify
  const event = 'daemon-started-after-crash'
  if (end === null || end.how === 'stopped' || !isWanted(daemon, event)) return
  const how =
    end.how === 'died'
      ? 'the previous daemon was killed or crashed'
      : 'the machine went down with the previous daemon'
  const reason = `${how}; it was last seen at ${end.at}`
  const key = `${event}/${end.pid}/${end.startedAt}`
  const sinceMs = Date.parse(end.at)
  tell(
    state,
    daemon,
    newNotice({ kind: event, task: null, atMs: state.clock.now(), sinceMs, reason, key }),
  )
}

/** A run that an earlier daemon started was announced by it. */
function pingStart(
  { notifier, startedMs }: Deciding,
  { task, startedAt, attempt, run }: HistoryRow,
): void {
  const isOwn = startedAt !== null && Date.parse(startedAt) >= startedMs
  if (isOwn && attempt === 1) notifier.ping(task, 'start', `run ${run}`)
}

/** A run that torch or a person ended says nothing about the task. */
function pingEnd({ notifier }: Deciding, row: HistoryRow): void {
  const { task, outcome, exitCode, signal, run } = row
  if (outcome === 'ok') notifier.ping(task, 'ok', `run ${run} ended ok`)
  else if (isFailure(row)) {
    const why = exitCode === null ? (signal ?? '') : `exit code ${exitCode}`
    notifier.ping(task, 'failed', `run ${run} ended: ${outcome} ${why}`.trim())
  }
}
