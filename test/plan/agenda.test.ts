import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, agendaOf, dueBy, earliest } from '../../src/plan/agenda.ts'

const byNumber = (a: number, b: number) => a - b
const entry = (at: number, task = `t${at}`) => ({ task, slot: at, at })

test('an empty agenda has nothing due and no next', () => {
  const agenda = agendaOf([])
  expect(earliest(agenda)).toBeUndefined()
  expect(dueBy(agenda, Infinity)).toEqual([])
})

test('what is due is read without being taken', () => {
  const agenda = agendaOf([entry(3), entry(1), entry(2)])
  expect(
    dueBy(agenda, 2)
      .map((each) => each.at)
      .toSorted(byNumber),
  ).toEqual([1, 2])
  expect(dueBy(agenda, 2)).toHaveLength(2)
  expect(earliest(agenda)).toBe(1)
})

test('two tasks in one second are both due', () => {
  const agenda = agendaOf([entry(1, 'a'), entry(1, 'b')])
  expect(
    dueBy(agenda, 1)
      .map((each) => each.task)
      .toSorted(),
  ).toEqual(['a', 'b'])
})

test('it behaves as a sorted list does, whatever is put in and taken out', () => {
  const seconds = fc.array(fc.integer({ min: 0, max: 100 }))
  fc.assert(
    fc.property(
      seconds,
      fc.array(fc.tuple(fc.integer({ min: 0, max: 100 }), seconds)),
      (first, steps) => {
        const agenda = agendaOf(first.map((at) => entry(at)))
        let model = [...first]
        for (const [now, added] of steps) {
          const due = dueBy(agenda, now).map((each) => each.at)
          expect(due.toSorted(byNumber)).toEqual(model.filter((at) => at <= now).toSorted(byNumber))
          const later = added.map((at) => at + now + 1)
          advance(
            agenda,
            now,
            later.map((at) => entry(at)),
          )
          model = [...model.filter((at) => at > now), ...later]
          expect(earliest(agenda)).toBe(model.length === 0 ? undefined : Math.min(...model))
        }
      },
    ),
  )
})
