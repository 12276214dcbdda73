import { describe, expect, test } from 'vitest'
import { newBoundedWriter } from '../../../src/daemon/output/bounded-writer.ts'
import { handClock } from '../../support/clock.ts'

/** A writer whose reader takes nothing until the test lets it. */
function newWriter() {
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const written: string[] = []
  const gone: string[] = []
  let room: 'room' | 'full' = 'room'
  let events: { onRoom: () => void; onGone: (why: string) => void } | undefined
  const writer = newBoundedWriter({
    clock,
    open(given) {
      events = given
      return {
        write(text) {
          written.push(text)
          return room
        },
        end: async () => void written.push('end'),
      }
    },
    droppedLine: (count) => `dropped ${count}\n`,
    onGone: (why) => void gone.push(why),
  })
  return {
    ...{ clock, written, gone, end: writer.end },
    put: (lines: readonly string[]) => writer.put(lines.length, () => lines.join('')),
    fill: () => void (room = 'full'),
    read() {
      room = 'room'
      events?.onRoom()
    },
    leave: () => events?.onGone('gone'),
  }
}

describe('a reader that is slow', () => {
  test('lines wait for a reader that comes in time, and none is lost', async () => {
    const { put, fill, read, written } = newWriter()
    fill()
    await put(['a\n'])
    const waiting = put(['b\n'])
    read()
    await waiting
    expect(written).toEqual(['a\n', 'b\n'])
  })

  test('after a second lines are left out, and nothing waits any more', async () => {
    const { clock, put, fill, read, written } = newWriter()
    fill()
    await put(['a\n'])
    const waiting = put(['b\n', 'c\n'])
    clock.advance(1000)
    await waiting
    await put(['d\n'])
    expect(written).toEqual(['a\n'])
    read()
    await put(['e\n'])
    expect(written).toEqual(['a\n', 'dropped 3\n', 'e\n'])
  })

  test('what was left out is said at the end too', async () => {
    const { clock, put, fill, end, written } = newWriter()
    fill()
    await put(['a\n'])
    const waiting = put(['b\n'])
    clock.advance(1000)
    await waiting
    await end()
    expect(written).toEqual(['a\n', 'dropped 1\n', 'end'])
  })
})

test('a reader that is gone holds up nothing', async () => {
  const { put, fill, leave, gone } = newWriter()
  fill()
  await put(['a\n'])
  const waiting = put(['b\n'])
  leave()
  await waiting
  await put(['c\n'])
  expect(gone).toEqual(['gone'])
})
