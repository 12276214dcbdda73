import { describe, expect, test } from 'vitest'
import { planReload, type ReloadPlan } from '../../src/plan/reload.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aTask } from '../support/plan.ts'

const byName = (all: readonly Task[]) => new Map(all.map((task) => [task.name, task]))
const names = (all: readonly Task[]) => all.map((task) => task.name)

/** The whole plan. A task that is not enabled stands for a task of another machine. */
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
      name: 'an unchanged task keeps its schedule',
      before: [common],
      after: [common],
      schedule: [],
      drop: [],
      daemonTasks: [],
    },
    {
      name: 'an added task is scheduled',
      before: [],
      after: [common],
      schedule: ['common'],
      drop: [],
      daemonTasks: [],
    },
    {
      name: 'the pending starts of a removed task are dropped',
      before: [common],
      after: [],
      schedule: [],
      drop: ['common'],
      daemonTasks: [],
    },
    {
      name: 'a changed task is scheduled again',
      before: [common],
      after: [changed],
      schedule: ['common'],
      drop: [],
      daemonTasks: [],
    },
    {
      name: 'the instances of an added daemon task are checked',
      before: [],
      after: [daemon],
      schedule: [],
      drop: [],
      daemonTasks: ['daemon'],
    },
    {
      name: 'the instances of a removed daemon task are checked',
      before: [daemon],
      after: [],
      schedule: [],
      drop: ['daemon'],
      daemonTasks: ['daemon'],
    },
    {
      name: 'a daemon task that becomes common is scheduled and its instances are checked',
      before: [daemon],
      after: [{ ...common, name: 'daemon' }],
      schedule: ['daemon'],
      drop: ['daemon'],
      daemonTasks: ['daemon'],
    },
  ])('$name', ({ before, after, schedule, drop, daemonTasks }) => {
    const plan = planned(before, after)
    expect(names(plan.schedule)).toEqual(schedule)
    expect(plan.drop).toEqual(drop)
    expect(plan.daemonTasks).toEqual(daemonTasks)
  })

  test('an unchanged task still comes from the new file: its description may differ', () => {
    const described = { ...common, description: 'new words' }
    const plan = planned([common], [described])
    expect(plan.here.get('common')).toBe(described)
    expect([plan.added, plan.changed, plan.removed]).toEqual([[], [], []])
  })

  test('a reload reports changes of tasks that do not run on this machine', () => {
    const away = { ...common, enabled: false }
    const [gone, fresh] = [
      { ...away, name: 'gone' },
      { ...away, name: 'new' },
    ]
    const plan = planned([away, gone], [{ ...away, definition: 'other' }, fresh])
    expect([plan.added, plan.changed, plan.removed]).toEqual([['new'], ['common'], ['gone']])
    expect([plan.schedule, plan.drop, plan.here.size]).toEqual([[], [], 0])
  })

  test('a task that moves to this machine is scheduled, and one that moves away is dropped', () => {
    const away = { ...common, enabled: false }
    expect(names(planned([away], [common]).schedule)).toEqual(['common'])
    expect(planned([common], [away]).drop).toEqual(['common'])
  })
})
