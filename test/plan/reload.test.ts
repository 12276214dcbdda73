import { describe, expect, test } from 'vitest'
import { planReload } from '../../src/plan/reload.ts'
import { planStop } from '../../src/plan/stop.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aTask } from './support.ts'

const tasks = (...all: Task[]) => new Map(all.map((task) => [task.name, task]))
const names = (all: readonly Task[]) => all.map((task) => task.name)

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
      keep: ['common'],
      drop: [],
      places: [],
    },
    {
      name: 'added',
      before: [],
      after: [common],
      schedule: ['common'],
      keep: [],
      drop: [],
      places: [],
    },
    {
      name: 'removed',
      before: [common],
      after: [],
      schedule: [],
      keep: [],
      drop: ['common'],
      places: [],
    },
    {
      name: 'changed',
      before: [common],
      after: [changed],
      schedule: ['common'],
      keep: [],
      drop: [],
      places: [],
    },
    {
      name: 'a daemon task',
      before: [],
      after: [daemon],
      schedule: [],
      keep: [],
      drop: [],
      places: ['daemon'],
    },
    {
      name: 'a daemon task removed',
      before: [daemon],
      after: [],
      schedule: [],
      keep: [],
      drop: ['daemon'],
      places: ['daemon'],
    },
    {
      name: 'a daemon task that becomes a common one',
      before: [daemon],
      after: [{ ...common, name: 'daemon' }],
      schedule: ['daemon'],
      keep: [],
      drop: ['daemon'],
      places: ['daemon'],
    },
  ])('$name', ({ before, after, schedule, keep, drop, places }) => {
    const plan = planReload(tasks(...before), tasks(...after))
    expect(names(plan.schedule)).toEqual(schedule)
    expect(names(plan.keep)).toEqual(keep)
    expect(plan.drop).toEqual(drop)
    expect(plan.places).toEqual(places)
  })

  test('what is kept is the task of the new file: its description may have changed', () => {
    const described = { ...common, description: 'new words' }
    expect(planReload(tasks(common), tasks(described)).keep).toEqual([described])
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
