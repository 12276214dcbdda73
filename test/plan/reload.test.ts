import { describe, expect, test } from 'vitest'
import { planReload, type ReloadPlan } from '../../src/plan/reload.ts'
import { planStop } from '../../src/plan/stop.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aTask } from './support.ts'

const byName = (all: readonly Task[]) => new Map(all.map((task) => [task.name, task]))
const names = (all: readonly Task[]) => all.map((task) => task.name)

/** The plan; a task that is not enabled stands for a task of another machine. */
function planned(before: readonly Task[], after: readonly Task[]): ReloadPlan {
  const here = before.filter((task) => task.enabled)
  const old = { tasks: byName(before), here: byName(here) }
  return planReload(old, after, (task) => task.enabled)
}

describe('a reload', () => {
  const common = aTask({ name: 'common', schedule: '* * * * *' })
  const changed = { ...common, definition: 'other' }
  const daemon = aTask({ name: 'daemon', type: 'daemon' })

  test.each([
    {
      name: 'nothing',
      before: [common],
      after: [common],
      schedule: [],
      drop: [],
      places: [],
    },
    {
      name: 'added',
      before: [],
      after: [common],
      schedule: ['common'],
      drop: [],
      places: [],
    },
    {
      name: 'removed',
      before: [common],
      after: [],
      schedule: [],
      drop: ['common'],
      places: [],
    },
    {
      name: 'changed',
      before: [common],
      after: [changed],
      schedule: ['common'],
      drop: [],
      places: [],
    },
    {
      name: 'a daemon task',
      before: [],
      after: [daemon],
      schedule: [],
      drop: [],
      places: ['daemon'],
    },
    {
      name: 'a daemon task removed',
      before: [daemon],
      after: [],
      schedule: [],
      drop: ['daemon'],
      places: ['daemon'],
    },
    {
      name: 'a daemon task that becomes a common one',
      before: [daemon],
      after: [{ ...common, name: 'daemon' }],
      schedule: ['daemon'],
      drop: ['daemon'],
      places: ['daemon'],
    },
  ])('$name', ({ before, after, schedule, drop, places }) => {
    const plan = planned(before, after)
    expect(names(plan.schedule)).toEqual(schedule)
    expect(plan.drop).toEqual(drop)
    expect(plan.places).toEqual(places)
  })

  test('what is kept is the task of the new file: its description may have changed', () => {
    const described = { ...common, description: 'new words' }
    const plan = planned([common], [described])
    expect(plan.here.get('common')).toBe(described)
    expect([plan.added, plan.changed, plan.removed]).toEqual([[], [], []])
  })

  test('what changed in the file is told wherever it runs', () => {
    const away = { ...common, enabled: false }
    const [gone, fresh] = [
      { ...away, name: 'gone' },
      { ...away, name: 'new' },
    ]
    const plan = planned([away, gone], [{ ...away, definition: 'other' }, fresh])
    expect([plan.added, plan.changed, plan.removed]).toEqual([['new'], ['common'], ['gone']])
    expect([plan.schedule, plan.drop, plan.here.size]).toEqual([[], [], 0])
  })

  test('a task that moves in is scheduled, one that moves out is dropped', () => {
    const away = { ...common, enabled: false }
    expect(names(planned([away], [common]).schedule)).toEqual(['common'])
    expect(planned([common], [away]).drop).toEqual(['common'])
  })
})

test('a stop ends daemon runs at once, the others when the grace is over, none twice', () => {
  const runs = [
    { run: 'c', type: 'common', ending: false },
    { run: 'd', type: 'daemon', ending: false },
    { run: 'e', type: 'common', ending: true },
    { run: 'f', type: 'daemon', ending: true },
  ] as const
  expect(planStop(runs, false)).toEqual(['d'])
  expect(planStop(runs, true)).toEqual(['c', 'd'])
})
