import { expect, test } from 'vitest'
import { exitStatusOf, outcomeCell, outcomeWords } from '../../../src/cli/terminal/outcomes.ts'

const nothing = { exitCode: null, signal: null, reason: null }
test.each([
  [{ ...nothing, outcome: 'ok', exitCode: 0 }, undefined, 0],
  [{ ...nothing, outcome: 'failed', exitCode: 255 }, 255, 255],
  [{ ...nothing, outcome: 'killed', signal: 'SIGTERM' }, undefined, 143],
  [{ ...nothing, outcome: 'killed', exitCode: 3, signal: 'SIGTERM' }, undefined, 3],
  [{ ...nothing, outcome: 'timeout', exitCode: 0, signal: 'SIGTERM' }, undefined, 124],
  [{ ...nothing, outcome: 'spawn-failed' }, 127, 127],
  [{ ...nothing, outcome: 'spawn-failed' }, undefined, 126],
  [{ ...nothing, outcome: 'unknown' }, undefined, 1],
] as const)('%j', (ended, recorded, status) => {
  expect(exitStatusOf(ended, recorded)).toBe(status)
})

test.each([
  [{ ...nothing, outcome: 'ok', exitCode: 0 }, 'ok'],
  [{ ...nothing, outcome: 'failed', exitCode: 3 }, 'failed 3'],
  [{ ...nothing, outcome: 'killed', signal: 'SIGTERM', reason: 'stop' }, 'killed SIGTERM (stop)'],
  [{ ...nothing, outcome: 'timeout', signal: 'SIGKILL', reason: 'timeout' }, 'timeout SIGKILL'],
  [
    { outcome: 'killed', exitCode: 0, signal: 'SIGTERM', reason: 'kill' },
    'killed SIGTERM, exit code 0 (kill)',
  ],
  [
    { outcome: 'timeout', exitCode: 3, signal: 'SIGTERM', reason: 'timeout' },
    'timeout SIGTERM, exit code 3',
  ],
  [{ ...nothing, outcome: 'unknown' }, 'unknown'],
  // A server whose place another one took has not failed.
  [{ outcome: 'killed', exitCode: 0, signal: 'SIGTERM', reason: 'reload' }, 'replaced (reload)'],
  [{ ...nothing, outcome: 'killed', signal: 'SIGTERM', reason: 'reload' }, 'replaced (reload)'],
  [
    { ...nothing, outcome: 'killed', signal: 'SIGKILL', reason: 'reload' },
    'replaced SIGKILL (reload)',
  ],
  [
    { outcome: 'killed', exitCode: 3, signal: 'SIGTERM', reason: 'reload' },
    'replaced exit code 3 (reload)',
  ],
  [
    { outcome: 'failed', exitCode: 0, signal: 'SIGTERM', reason: 'not ready' },
    'failed (not ready)',
  ],
  [{ ...nothing, outcome: 'failed', exitCode: 3, reason: 'not ready' }, 'failed 3 (not ready)'],
  [{ ...nothing, outcome: 'failed', exitCode: 0, reason: 'not ready' }, 'failed 0 (not ready)'],
  [
    { ...nothing, outcome: 'failed', signal: 'SIGSEGV', reason: 'not ready' },
    'failed SIGSEGV (not ready)',
  ],
] as const)('%j is shown as "%s"', (ended, words) => {
  expect(outcomeWords({ ...ended, count: null })).toBe(words)
})

test('a run that was replaced is not shown in red, and a sum is short only in a table', () => {
  const sum = 'ab'.repeat(32)
  const replaced = { ...nothing, outcome: 'killed', signal: 'SIGTERM', reason: 'reload' } as const
  expect(outcomeCell({ ...replaced, count: null })).toEqual(['replaced (reload)', 'dim'])
  const wrong = { ...nothing, outcome: 'spawn-failed', reason: `sha256 is ${sum}` } as const
  expect(outcomeWords({ ...wrong, count: null })).toBe(`spawn-failed (sha256 is ${sum})`)
  expect(outcomeCell({ ...wrong, count: null })).toEqual([
    'spawn-failed (sha256 is abababababab)',
    'red',
  ])
})
