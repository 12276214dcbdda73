import { expect, test } from 'vitest'
import { hintOf } from '../../../src/plan/fleet/hints.ts'

const beat = {
  ...{ v: 1, host: 'web1', session: 's', torch: '0.2.0', tz: '2026a', running: 0, offsetMs: null },
  ...{ places: ['job/0'], isDraining: false, facts: { names: ['web1'], addresses: [] } },
  file: { revision: null, committedMs: null, hash: 'd' },
}

test.each<unknown>([
  { kind: 'heartbeat', beat },
  { kind: 'heartbeat', beat: { ...beat, offsetMs: -3, file: { ...beat.file, committedMs: 5 } } },
  { kind: 'won', task: 'job', slot: 5, host: 'web1' },
  { kind: 'free', task: 'job' },
])('%j is a hint', (hint) => {
  expect(hintOf(hint)).toEqual(hint)
})

test.each<unknown>([
  ...[null, 5, 'free', [], {}, { kind: 'other' }, { kind: 'free', task: 5 }],
  { kind: 'won', task: 'job', slot: '5', host: 'web1' },
  { kind: 'heartbeat' },
  ...Object.keys(beat)
    .filter((key) => key !== 'v')
    .map((key) => ({ kind: 'heartbeat', beat: { ...beat, [key]: undefined } })),
  { kind: 'heartbeat', beat: { ...beat, places: [5] } },
  { kind: 'heartbeat', beat: { ...beat, facts: { names: 'web1', addresses: [] } } },
  { kind: 'heartbeat', beat: { ...beat, file: { revision: null, committedMs: '5', hash: 'd' } } },
])('%j is no hint, and nobody hears it', (value) => {
  expect(hintOf(value)).toBe(undefined)
})
