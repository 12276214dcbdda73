import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AgendaEntry, agendaOf } from '../../src/plan/agenda.ts'
import { dueSoon } from '../../src/plan/soon.ts'

const now = 1000

/** As many entries as asked for, due so many seconds from now. */
function due(count: number, inSeconds: number, name: string): AgendaEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    task: `${name}-${String(index).padStart(4, '0')}`,
    slot: now + inSeconds,
    at: now + inSeconds,
  }))
}

function soon(...entries: AgendaEntry[][]): string[] {
  return dueSoon(agendaOf(entries.flat()), now)
}

test('what is due in the next second, and nothing that has more time', () => {
  expect(soon(due(2, 1, 'next'), due(2, 2, 'later'), due(3, 60, 'much later'))).toEqual([
    'next-0000',
    'next-0001',
  ])
  expect(soon(due(2, 2, 'later'))).toEqual([])
  expect(soon()).toEqual([])
})

test('of a burst two seconds away as many as one second is too short for', () => {
  const early = soon(due(800, 2, 'burst'))
  expect(early).toHaveLength(300)
  expect(early[0]).toBe('burst-0500')
  expect(soon(due(500, 2, 'burst'))).toEqual([])
  expect(soon(due(800, 1, 'burst'))).toHaveLength(800)
})

test('what comes before a burst takes its time too', () => {
  const found = soon(due(300, 1, 'next'), due(500, 2, 'burst'))
  expect(found.filter((task) => task.startsWith('next'))).toHaveLength(300)
  expect(found.filter((task) => task.startsWith('burst'))).toHaveLength(300)
})

test('never more than a thousand, and those that are due first', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 1, max: 6 })), {
        maxLength: 8,
      }),
      (groups) => {
        const entries = groups.flatMap(([count, at], index) => due(count, at, `g${index}`))
        const found = new Set(soon(entries))
        const next = entries.filter(({ at }) => at === now + 1)
        expect(found.size).toBeLessThanOrEqual(1000)
        expect(next.filter(({ task }) => found.has(task))).toHaveLength(Math.min(next.length, 1000))
      },
    ),
  )
})
