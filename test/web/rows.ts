import type { RunningRun, TaskView } from '../../src/http/api.ts'
import type { HistoryRow } from '../../src/web/model/model.ts'

/** A common task of the page that is well and has not run, with some changes. */
export function taskView(change: Partial<TaskView> = {}): TaskView {
  return {
    host: 'db-1',
    name: 'backup',
    type: 'common',
    description: null,
    labels: {},
    here: true,
    why: null,
    schedules: [],
    timezone: null,
    next: '2026-03-08T13:00:00Z',
    jitterMs: 0,
    nextRestart: null,
    running: [],
    last: null,
    failures: 0,
    failingSince: null,
    p50Ms: null,
    p95Ms: null,
    ...change,
  }
}

/** A row of the history: a run that was ok, with some changes. */
export function historyRow(change: Partial<HistoryRow> = {}): HistoryRow {
  return {
    run: 'r1',
    task: 'backup',
    slot: '2026-03-08T11:00:00Z',
    startedAt: '2026-03-08T11:00:00Z',
    endedAt: '2026-03-08T11:05:00Z',
    durationMs: 300_000,
    outcome: 'ok',
    exitCode: 0,
    signal: null,
    reason: null,
    trigger: 'schedule',
    attempt: 1,
    lateMs: 0,
    host: 'db-1',
    revision: null,
    lastSlot: null,
    count: null,
    script: null,
    ...change,
  }
}

export function runningRun(startedAt = '2026-03-08T11:58:00Z'): RunningRun {
  return { run: 'r2', startedAt, trigger: 'schedule', attempt: 1 }
}
