import { expect, test } from 'vitest'
import { exitStatusOf } from '../../../src/cli/terminal/outcomes.ts'

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
