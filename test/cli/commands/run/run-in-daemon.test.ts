import { expect, test } from 'vitest'
import { whyNotRecorded } from '../../../../src/cli/commands/run/run-in-daemon.ts'
import type { StatusReport } from '../../../../src/control/protocol.ts'

const since = '2026-03-08T07:00:00Z'
const status: StatusReport = {
  daemon: { pid: 1, version: '1', startedAt: since, state: 'running' },
  host: { name: 'web1', addresses: [] },
  file: { path: '/t.yaml', revision: null, loadedAt: since, ok: true, problems: [] },
  tasks: [],
}
const refused = { message: 'the tasks file was refused', since }
const full = { message: 'could not write outcomes of runs: ENOSPC: no space left on device', since }

test.each([
  [undefined, 'the daemon is gone'],
  ['silent', 'the daemon does not answer'],
  [status, 'the daemon is busy'],
  [{ ...status, trouble: [refused] }, 'the daemon is busy'],
  [
    { ...status, trouble: [refused, full] },
    'the daemon could not write outcomes of runs: ENOSPC: no space left on device',
  ],
] as const)('torch run says why the end of a run is not recorded: %j', (answer, why) => {
  const report = answer === undefined || answer === 'silent' ? answer : structuredClone(answer)
  expect(whyNotRecorded(report as StatusReport | 'silent' | undefined)).toBe(why)
})
