import { expect, test } from 'vitest'
import { whyNotRecorded } from '../../../../src/cli/commands/run/run-in-daemon.ts'
import { knownEnd } from '../../../../src/follow/run-end.ts'
import type { StatusReport } from '../../../../src/control/status-report.ts'
import { taskStatus } from '../../../support/control.ts'
import { runRow } from '../../../support/history.ts'

const since = '2026-03-08T07:00:00Z'
const status: StatusReport = {
  daemon: { pid: 1, version: '1', startedAt: since, state: 'running' },
  host: { name: 'web1', addresses: [] },
  file: { path: '/t.yaml', revision: null, loadedAt: since, ok: true, problems: [] },
  tasks: [],
}
const refused = { message: 'the tasks file was refused', since }
const script = { message: 'the script of report is stale: 404 Not Found', since }
const full = { message: 'could not write outcomes of runs: ENOSPC: no space left on device', since }

test.each([
  [undefined, 'the daemon is gone'],
  ['silent', 'the daemon does not answer'],
  [status, 'the daemon is busy'],
  [{ ...status, trouble: [refused] }, 'the daemon is busy'],
  [{ ...status, trouble: [script] }, 'the daemon is busy'],
  [
    { ...status, trouble: [refused, full] },
    'could not write outcomes of runs: ENOSPC: no space left on device',
  ],
] as const)('torch run says why the end of a run is not recorded: %j', (answer, why) => {
  const report = answer === undefined || answer === 'silent' ? answer : structuredClone(answer)
  expect(whyNotRecorded(report as StatusReport | 'silent' | undefined)).toBe(why)
})

test('torch run takes the end from the daemon, which could not write it to a full disk', () => {
  const last = runRow(1, { outcome: 'spawn-failed', reason: 'the disk is full' })
  const task = taskStatus({ name: 'backup', last })
  const run = last.run ?? ''
  expect(knownEnd({ ...status, tasks: [task] }, run)).toEqual(last)
  expect(knownEnd({ ...status, tasks: [task] }, 'another')).toBeUndefined()
  const running = { ...task, last: runRow(1, { outcome: 'running' }) }
  expect(knownEnd({ ...status, tasks: [running] }, run)).toBeUndefined()
  expect(knownEnd(undefined, run)).toBeUndefined()
})
