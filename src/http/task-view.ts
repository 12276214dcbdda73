import type { StatusReport, TaskStatus } from '../control/status-report.ts'
import { startOfRun } from '../run/directory.ts'
import type { HostView, RunningRun, TaskView } from './api.ts'

/** What the page shows of a host. */
export function hostView({
  report,
  isSilent,
}: {
  report: StatusReport
  isSilent: boolean
}): HostView {
  return {
    name: report.host.name,
    addresses: report.host.addresses,
    daemon: report.daemon,
    silent: isSilent,
    ended: report.ended ?? null,
    trouble: report.trouble ?? [],
    file: report.file,
    day: { failed: 0, missed: 0, skipped: 0 },
    change: null,
  }
}

/** What the page shows of a task. */
export function taskView(host: string, task: TaskStatus): TaskView {
  const { definition } = task
  return {
    host,
    name: task.name,
    type: task.type,
    description: task.description,
    labels: task.labels,
    here: task.here,
    why: task.reason === null ? null : (notHere[task.reason] ?? task.reason),
    schedules: (definition?.schedule ?? []).map((text) => ({ text, words: null })),
    timezone: definition?.timezone ?? null,
    next: task.next,
    jitterMs: task.jitterMs,
    nextRestart: task.nextRestart ?? null,
    running: task.running.map(runningRun),
    last: task.last,
    failures: task.counts?.failures ?? 0,
    failingSince: null,
    p50Ms: null,
    p95Ms: null,
  }
}

const notHere: Readonly<Record<string, string>> = {
  enabled: 'not enabled',
  hosts: 'not on this host',
}

function runningRun(run: string): RunningRun {
  const startedAt = new Date(startOfRun(run)).toISOString()
  return { run, startedAt, trigger: 'schedule', attempt: 1 }
}
