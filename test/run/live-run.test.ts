import { expect, test } from 'vitest'
import { newFaults } from '../../src/run/faults.ts'
import { newRunContext } from '../../src/run/launch.ts'
import { enter, handOver, later, type RunState } from '../../src/run/live-run.ts'
import { thisMachine } from '../../src/host/host.ts'
import { handClock } from '../support/clock.ts'
import { liveRunIn } from '../support/live-run.ts'

function runIn(state: RunState) {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const context = newRunContext({
    host: { ...thisMachine(), clock },
    home: '/nowhere',
    hostName: 'host',
    faults: newFaults(clock, () => {}),
    onEnd() {},
    onTrouble() {},
  })
  const run = liveRunIn(state)
  const called: string[] = []
  later(context, run, 1_000, () => called.push('timer'))
  return { clock, run, called }
}

const ending = { kind: 'ending', reason: 'kill', signal: 'SIGTERM', sinceMs: 0 } as const

test.each<RunState>([{ kind: 'ended' }, { kind: 'handed-over' }])(
  'the timers of a run are cleared when it is $kind',
  (state) => {
    const { clock, run, called } = runIn({ kind: 'running' })
    enter(run, state)
    clock.advance(10_000)
    expect(called).toEqual([])
  },
)

test.each<RunState>([ending, { kind: 'killing-stragglers' }])(
  'the timers of a run still come when it is $kind',
  (state) => {
    const { clock, run, called } = runIn(ending)
    enter(run, state)
    clock.advance(10_000)
    expect(called).toEqual(['timer'])
  },
)

test('a run that has ended enters no other state', () => {
  const { run } = runIn({ kind: 'ended' })
  expect(() => enter(run, ending)).toThrow('a run that is ended cannot become ending')
  handOver(run)
  expect(run.state).toEqual({ kind: 'ended' })
})
