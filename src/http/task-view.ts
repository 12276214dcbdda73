import type { TaskStatus } from '../control/status-report.ts'
import { withoutSecretLine } from '../daemon/control/task-definition.ts'
import { badOutcomes, type HistoryRow, type Outcome } from '../plan/history-row.ts'
import { startOfRun } from '../run/directory.ts'
import type { SeenStatus } from '../view/view.ts'
import type { HostView, RunningRun, TaskView } from './api.ts'
import { scheduleWords } from './schedule-words.ts'
import { percentile, type TaskPast } from './task-past.ts'

/**
 * What the page shows of a host. `counts`: rows of the last 24 hours by their outcome. `change`: what the tasks
 * file on disk would change.
 */
export function hostView(
  { report, isSilent, away }: SeenStatus,
  counts: Partial<Record<Outcome, number>>,
  change: readonly string[] | null,
): HostView {
  return {
    name: report.host.name,
    addresses: report.host.addresses,
    daemon: report.daemon,
    silent: isSilent,
    ended: report.ended ?? null,
    trouble: report.trouble ?? [],
    file: { ...report.file, problems: report.file.problems.map(withoutSecretLine) },
    day: {
      failed: badOutcomes.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0),
      missed: counts.missed ?? 0,
      skipped: counts.skipped ?? 0,
    },
    change: change && { lines: change },
    ...(away !== undefined && { away }),
  }
}

/**
 * What the page shows of a task. `starts`: the rows of its running runs, as far as they are known. `isOfAll`: they are
 * of several machines.
 */
export function taskView(
  host: string,
  task: TaskStatus,
  past: TaskPast | undefined,
  starts: ReadonlyMap<string, HistoryRow>,
  isOfAll = false,
): TaskView {
  const { definition } = task
  const lengths = past?.lengths ?? []
  const failures = task.counts?.failures ?? 0
  return {
    host,
    name: task.name,
    type: task.type,
    description: task.description,
    labels: task.labels,
    here: task.here,
    why: task.reason === null ? null : whyNotHere(task.reason, definition?.hosts ?? null),
    ...(definition?.after && { after: definition.after }),
    schedules: (definition?.schedule ?? []).map((text) => ({ text, words: scheduleWords(text) })),
    timezone: definition?.timezone ?? null,
    next: task.next,
    ...(task.done === true && { done: true }),
    ...(task.paused && { paused: task.paused }),
    ...(task.closed && { closed: task.closed }),
    jitterMs: task.jitterMs,
    nextRestart: task.nextRestart ?? null,
    running: task.running.map((run) => runningRun(run, task, starts.get(run), isOfAll)),
    last: task.last,
    failures,
    failingSince: failures > 0 ? (past?.failingSince ?? null) : null,
    p50Ms: percentile(lengths, 0.5),
    p95Ms: percentile(lengths, 0.95),
    ...(definition === undefined && { isFromRows: true }),
  }
}

function whyNotHere(reason: string, hosts: readonly string[] | null): string {
  if (reason === 'enabled') return 'not enabled'
  if (reason !== 'hosts') return reason
  return hosts === null ? 'not on this host' : `not on this host, only on ${hosts.join(', ')}`
}

/** A run that began before anybody looked has no row here: what most runs have is shown. */
function runningRun(
  run: string,
  { type }: TaskStatus,
  row: HistoryRow | undefined,
  isOfAll: boolean,
): RunningRun {
  return {
    run,
    startedAt: row?.startedAt ?? new Date(startOfRun(run)).toISOString(),
    trigger:
      row?.trigger ?? (type === 'daemon' ? 'daemon' : type === 'manual' ? 'manual' : 'schedule'),
    attempt: row?.attempt ?? 1,
    ...(isOfAll && row !== undefined && { host: row.host }),
  }
}
