import { describe, expect, test } from 'vitest'
import { type DaemonRun, planPlaces, type Vacancy } from '../../src/plan/daemon-instances.ts'

const task = (max: number, definition = 'new') => ({ max, definition })
const run = (id: string, definition = 'new', ending = false): DaemonRun => ({
  run: id,
  definition,
  ending,
})
const nothing = { end: [], start: [], vacancies: [], wakeMs: undefined }

describe('the places of a daemon task', () => {
  test('are filled at once at first', () => {
    expect(planPlaces(task(3), [], [], 0)).toEqual({
      ...nothing,
      start: [{ delayMs: 0 }, { delayMs: 0 }, { delayMs: 0 }],
    })
  })

  test('are left alone while all is as it should be', () => {
    expect(planPlaces(task(2), [run('a'), run('b')], [], 0)).toEqual(nothing)
  })

  test('one whose run ended is filled again when its delay is over, and not before', () => {
    const vacancy: Vacancy = { notBeforeMs: 5000, delayMs: 2000 }
    expect(planPlaces(task(2), [run('a')], [vacancy], 4999)).toEqual({
      ...nothing,
      vacancies: [vacancy],
      wakeMs: 5000,
    })
    expect(planPlaces(task(2), [run('a')], [vacancy], 5000)).toEqual({
      ...nothing,
      start: [{ delayMs: 2000 }],
    })
  })

  test('each waits its own time, and the first to come is the one we wake for', () => {
    const vacancies = [
      { notBeforeMs: 900, delayMs: 1000 },
      { notBeforeMs: 700, delayMs: 1000 },
    ]
    expect(planPlaces(task(2), [], vacancies, 0).wakeMs).toBe(700)
    expect(planPlaces(task(2), [], vacancies, 800)).toEqual({
      end: [],
      start: [{ delayMs: 1000 }],
      vacancies: [vacancies[0]],
      wakeMs: 900,
    })
  })

  test('one that would wait longer than its delay does not: the clock was set back', () => {
    const vacancy = { notBeforeMs: 5000, delayMs: 2000 }
    expect(planPlaces(task(1), [], [vacancy], 2999).start).toEqual([{ delayMs: 2000 }])
    expect(planPlaces(task(1), [], [vacancy], 3000).start).toEqual([])
  })

  test('more than there are vacancies are filled at once: the file asks for more', () => {
    const vacancy = { notBeforeMs: 900, delayMs: 1000 }
    expect(planPlaces(task(3), [run('a')], [vacancy], 0).start).toEqual([{ delayMs: 0 }])
  })

  test('surplus runs are ended, the newest first', () => {
    expect(planPlaces(task(1), [run('a'), run('b'), run('c')], [], 0).end).toEqual(['c', 'b'])
  })

  test('vacancies beyond max are dropped', () => {
    const vacancy = { notBeforeMs: 900, delayMs: 100 }
    expect(planPlaces(task(1), [run('a')], [vacancy], 0)).toEqual(nothing)
  })

  test('of a task that is gone are all ended, and stay empty', () => {
    const vacancy = { notBeforeMs: 900, delayMs: 100 }
    expect(planPlaces(undefined, [run('a'), run('b', 'new', true)], [vacancy], 0)).toEqual({
      ...nothing,
      end: ['a'],
    })
  })
})

test('runs of an older definition are replaced one by one', () => {
  let runs = [run('a', 'old'), run('b', 'old'), run('c', 'old')]
  const story: string[] = []
  let made = 0
  for (let step = 0; step < 20 && runs.some((each) => each.definition === 'old'); step++) {
    const ending = runs.find((each) => each.ending)
    if (ending !== undefined) {
      runs = runs.filter((each) => each !== ending)
      story.push(`${ending.run} gone`)
    }
    const plan = planPlaces(task(3), runs, [], 0)
    for (const id of plan.end) story.push(`end ${id}`)
    runs = runs.map((each) => (plan.end.includes(each.run) ? { ...each, ending: true } : each))
    for (const _ of plan.start) {
      made++
      runs.push(run(`n${made}`))
      story.push(`start n${made}`)
    }
    expect(runs.filter((each) => !each.ending).length).toBeGreaterThanOrEqual(2)
  }
  expect(story).toEqual([
    'end a',
    'a gone',
    'end b',
    'start n1',
    'b gone',
    'end c',
    'start n2',
    'c gone',
    'start n3',
  ])
})
