import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  advance,
  type AgendaEntry,
  agendaOf,
  dueBy,
  earliest,
  startsDueSoon,
} from '../../src/plan/agenda.ts'

const byNumber = (a: number, b: number) => a - b
const entry = (at: number, task = `t${at}`) => ({ task, slot: at, at })

test('an empty agenda has no due entries and no next start', () => {
  const agenda = agendaOf([])
  expect(earliest(agenda)).toBeUndefined()
  expect(dueBy(agenda, Infinity)).toEqual([])
})

test('reading due entries does not remove them', () => {
  const agenda = agendaOf([entry(3), entry(1), entry(2)])
  expect(
    dueBy(agenda, 2)
      .map((each) => each.at)
      .toSorted(byNumber),
  ).toEqual([1, 2])
  expect(dueBy(agenda, 2)).toHaveLength(2)
  expect(earliest(agenda)).toBe(1)
})

test('two tasks of the same second are both due', () => {
  const agenda = agendaOf([entry(1, 'a'), entry(1, 'b')])
  expect(
    dueBy(agenda, 1)
      .map((each) => each.task)
      .toSorted(),
  ).toEqual(['a', 'b'])
})

test('the agenda behaves like a sorted list, whatever is added and removed', () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 100 }))
  fc.assert(
    fc.property(
      seconds,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), seconds)),
      (first, steps) => {
        const agenda = agendaOf(first.map((at) => entry(at)))
        let model = [...first]
        for (const [second, added] of steps) {
          const due = dueBy(agenda, second).map((each) => each.at)
          expect(due.toSorted(byNumber)).toEqual(
            model.filter((at) => at <= second).toSorted(byNumber),
          )
          const later = added.map((at) => at + second + 1)
          advance(
            agenda,
            second,
            later.map((at) => entry(at)),
          )
          model = [...model.filter((at) => at > second), ...later]
          expect(earliest(agenda)).toBe(model.length === 0 ? undefined : Math.min(...model))
        }
      },
    ),
  )
})

const now = 1000

/** `count` entries that start `inSeconds` from now. */
function startsIn(count: number, inSeconds: number, name: string): AgendaEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    task: `${name}-${String(index).padStart(4, '0')}`,
    slot: now + inSeconds,
    at: now + inSeconds,
  }))
}

function soon(...entries: AgendaEntry[][]): string[] {
  return startsDueSoon(agendaOf(entries.flat()), now).map(({ task }) => task)
}

test('recorders are prepared for the tasks of the next second and not for later ones', () => {
  expect(
    soon(startsIn(2, 1, 'next'), startsIn(2, 2, 'later'), startsIn(3, 60, 'much later')),
  ).toEqual(['next-0000', 'next-0001'])
  expect(soon(startsIn(2, 2, 'later'))).toEqual([])
  expect(soon()).toEqual([])
})

test('a burst of more than 250 starts is partly prepared one second earlier', () => {
  const early = soon(startsIn(800, 2, 'burst'))
  expect(early).toHaveLength(550)
  expect(early[0]).toBe('burst-0250')
  expect(soon(startsIn(1000, 4, 'burst'))[0]).toBe('burst-0750')
  expect(soon(startsIn(250, 2, 'burst'))).toEqual([])
  expect(soon(startsIn(800, 1, 'burst'))).toHaveLength(800)
})

test('starts in the second before a burst leave less time to prepare it', () => {
  const found = soon(startsIn(100, 1, 'next'), startsIn(500, 2, 'burst'))
  expect(found.filter((task) => task.startsWith('next'))).toHaveLength(100)
  expect(found.filter((task) => task.startsWith('burst'))).toHaveLength(350)
})

test('at most a thousand recorders are prepared, the earliest starts first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 6 })), {
        maxLength: 8,
      }),
      (groups) => {
        const entries = groups.flatMap(([count, at], index) => startsIn(count, at, `g${index}`))
        const found = new Set(soon(entries))
        const next = entries.filter(({ at }) => at === now + 1)
        expect(found.size).toBeLessThanOrEqual(1000)
        expect(next.filter(({ task }) => found.has(task))).toHaveLength(Math.min(next.length, 1000))
      },
    ),
  )
})
