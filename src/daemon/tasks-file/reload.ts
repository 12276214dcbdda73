import type { ReloadReport } from '../../control/protocol.ts'
import type { ReloadPlan } from '../../plan/reload.ts'
import { timeText } from '../../record/history/rows.ts'
import { problemLine } from '../../tasks/file/problem.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { withoutSecretLine } from '../control/task-definition.ts'
import { whyNotListening } from '../starts/replacement.ts'
import { type ApplyParts, applyTasks } from './apply.ts'
import { type Loaded, loadTasks } from './load.ts'
import { saveLastGood } from './last-good.ts'
import { type LoadedTasks, withoutContent } from './tasks-state.ts'

/** What asked for a reload: SIGUSR2, `torch reload`, or the watch of the file. */
export type ReloadCause = 'signal' | 'command' | 'file'

/**
 * `expected` is the hash of the content that the watch reported. If the file has changed again, nothing
 * is loaded: the watch will report the new content too.
 */
export type Reload = (cause: ReloadCause, expected?: string) => Promise<ReloadReport>

interface Request {
  readonly cause: ReloadCause
  readonly expected: string | undefined
}

/** After this long a file is tried again that the machine could not read, although it may be good. */
const againMs = 5_000

/** After the watch took a change, a `torch reload` within this time reports that change, and when it was loaded. */
const freshMs = 60_000

/**
 * The one way to reload, whoever asks. Whoever asks while a reload is in progress shares the next one,
 * which reads the file after the question: a thousand signals are two reloads.
 */
export function newReload(parts: ApplyParts): Reload {
  const { tasks, clock, phase } = parts
  let next: { request: Request; readonly report: Promise<ReloadReport> } | undefined
  let seenByWatch:
    { report: ReloadReport; hash: string; atMs: number; loadedAt: string } | undefined

  function ask(cause: ReloadCause, expected?: string): Promise<ReloadReport> {
    const request = { cause, expected }
    if (next !== undefined) {
      // A person or a signal wants the file as it is. Of the contents that the watch saw, the newest counts.
      if (expected === undefined || next.request.expected !== undefined) next.request = request
      return next.report
    }
    let hasBegun = false
    const report = tasks.inTurn(() => {
      hasBegun = true
      const shared = next?.request ?? request
      next = undefined
      return begin(shared)
    })
    if (!hasBegun) next = { request, report }
    return report
  }

  async function begin(request: Request): Promise<ReloadReport> {
    const { cause } = request
    const report = await reload(parts, request)
    if (tasks.refused?.isTemporary === true) clock.after(againMs, tryAgain)
    if (cause === 'command' && report.verdict === 'unchanged') return takeSeenByWatch() ?? report
    // A signal is answered too: what the watch saw before it is no longer news.
    if (report.verdict === 'loaded' || cause === 'signal') {
      const loadedAt = timeText(clock.now())
      const seen = { report, hash: tasks.loaded.hash, atMs: clock.monotonic(), loadedAt }
      seenByWatch = cause === 'file' ? seen : undefined
    }
    return report
  }

  function tryAgain(): void {
    if (tasks.refused?.isTemporary === true && phase.now === 'running') void ask('file')
  }

  /** Whoever edits and then types `torch reload` is slower than the watch, and wants to see the change. */
  function takeSeenByWatch(): ReloadReport | undefined {
    const seen = seenByWatch
    seenByWatch = undefined
    if (seen === undefined || seen.hash !== tasks.loaded.hash) return undefined
    const isFresh = clock.monotonic() - seen.atMs <= freshMs
    return isFresh ? { ...seen.report, loadedAt: seen.loadedAt } : undefined
  }

  return ask
}

async function reload(parts: ApplyParts, { cause, expected }: Request): Promise<ReloadReport> {
  const { host, settings, tasks } = parts
  // Somebody asked for it before the watch saw it: it is loaded.
  if (expected === tasks.loaded.hash && tasks.refused === undefined)
    return unchangedReport(parts, tasks.loaded)
  // It was refused already, before the watch saw it.
  if (expected !== undefined && expected === tasks.refused?.hash && !tasks.refused.isTemporary)
    return { ...unchangedReport(parts, tasks.refused), verdict: 'refused' }
  const loaded = await loadTasks(host, settings.tasks, {
    machine: tasks.facts,
    inThread: true,
    withContent: true,
  })
  if (expected !== undefined && loaded.hash !== expected) return unchangedReport(parts, loaded)
  if (loaded.file === undefined) return refuse(parts, loaded, cause)
  return take(parts, { ...loaded, file: loaded.file }, cause)
}

/** A bad file changes nothing: the daemon keeps the last good one. */
function refuse(parts: ApplyParts, loaded: Loaded, cause: ReloadCause): ReloadReport {
  const { tasks, log, events } = parts
  const { refused } = tasks
  // A calendar may be bad in another way, with the same tasks file.
  const isSame = refused !== undefined && textOf(refused) === textOf(loaded)
  const isKnown = isSame && refused.isTemporary === true && loaded.isTemporary === true
  if (!isKnown && (!isSame || loaded.hash !== refused.hash))
    events.refuse(loaded.problems.map(withoutSecretLine))
  tasks.setRefused(loaded)
  const first = loaded.problems.find((problem) => problem.severity === 'error')
  if (!isKnown)
    log.error(
      'refuse',
      {
        cause,
        file: loaded.path,
        revision: loaded.revision,
        problems: loaded.problems.map(problemLine),
      },
      `the tasks file was refused, the last good one stays: ${first === undefined ? '' : problemLine(first)}`,
    )
  return { ...unchangedReport(parts, loaded), verdict: 'refused' }
}

function textOf({ problems }: Loaded): string {
  return problems.map(problemLine).join('\n')
}

async function take(
  parts: ApplyParts,
  loaded: LoadedTasks,
  cause: ReloadCause,
): Promise<ReloadReport> {
  const { tasks, log, events } = parts
  const before = tasks.loaded.revision
  const plan = await applyTasks(parts, withoutContent(loaded))
  if (plan === undefined) return unchangedReport(parts, loaded)
  await saveLastGood(parts, loaded)
  const wasRefused = tasks.refused !== undefined
  tasks.setRefused(undefined)
  const changes = changesOf(plan)
  const isSame = plan.added.length + plan.changed.length + plan.removed.length === 0
  if (!isSame || wasRefused || loaded.revision !== before) events.load(loaded.revision)
  if (!isSame || wasRefused || cause !== 'file')
    log.info(
      'load',
      {
        cause,
        file: loaded.path,
        revision: loaded.revision,
        tasks: loaded.file.tasks.length,
        ...changes,
      },
      isSame ? 'the tasks file says the same' : `the tasks file changed: ${countsOf(plan)}`,
    )
  const verdict = isSame ? 'unchanged' : 'loaded'
  const problems = [...loaded.problems, ...socketProblems(parts, plan)]
  return { ...unchangedReport(parts, loaded), ...changes, verdict, problems }
}

/** Sockets that cannot be opened, of tasks that the file adds or changes. */
function socketProblems(parts: ApplyParts, { added, changed, here }: ReloadPlan): Problem[] {
  return [...added, ...changed].flatMap((name): Problem[] => {
    const task = here.get(name)
    const message = task && whyNotListening(parts, task)
    if (task === undefined || message === undefined) return []
    const place = { file: task.file, line: task.line, column: 1, path: `tasks.${name}.listen` }
    return [{ severity: 'warning', ...place, message, hint: null, source: null }]
  })
}

function unchangedReport({ tasks }: ApplyParts, loaded: Loaded): ReloadReport {
  return {
    verdict: 'unchanged',
    path: loaded.path,
    revision: loaded.revision,
    tasks: tasks.loaded.file.tasks.length,
    added: [],
    removed: [],
    changed: [],
    problems: [...loaded.problems],
  }
}

function changesOf(plan: ReloadPlan): Pick<ReloadReport, 'added' | 'removed' | 'changed'> {
  return { added: [...plan.added], removed: [...plan.removed], changed: [...plan.changed] }
}

function countsOf({ added, changed, removed }: ReloadPlan): string {
  return `${added.length} added, ${changed.length} changed, ${removed.length} removed`
}
