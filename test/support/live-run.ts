import type { RunDescription } from '../../src/run/directory.ts'
import { type LiveRun, newLiveRun, type RunState } from '../../src/run/live-run.ts'

/** A run in this state that has neither a process nor a folder. */
export function liveRunIn(state: RunState, run = '20260310T120000.000-aaaaaa'): LiveRun {
  const description: RunDescription = {
    run,
    task: 'job',
    type: 'common',
    slot: null,
    dueMs: null,
    trigger: 'schedule',
    attempt: 1,
    definition: '',
    revision: null,
    host: 'host',
    bootId: '',
    startedMs: 0,
    command: 'true',
    timeoutMs: null,
    killAfterMs: 0,
    successCodes: [0],
    maxOutputBytes: 0,
    restartDelayMs: 0,
  }
  return newLiveRun({ description, directory: '/nowhere', recorder: undefined, state })
}
