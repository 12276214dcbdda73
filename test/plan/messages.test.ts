import { describe, expect, test } from 'vitest'
import {
  fateOf,
  fitsBatch,
  inputLine,
  maxBatch,
  maxBatchBytes,
  maxWaiting,
  maxWaitingBytes,
  refusal,
  unreadLines,
} from '../../src/plan/messages.ts'

describe('how much may wait', () => {
  test('a queue takes 10,000 messages and refuses the next one', () => {
    expect(refusal({ count: maxWaiting - 1, bytes: 0 }, { count: 1, bytes: 1 })).toBeUndefined()
    expect(refusal({ count: maxWaiting, bytes: 0 }, { count: 1, bytes: 1 })).toMatch(/10000/)
  })

  test('a queue takes 64 MB and refuses the next byte', () => {
    const waiting = { count: 1, bytes: maxWaitingBytes - 1 }
    expect(refusal(waiting, { count: 1, bytes: 1 })).toBeUndefined()
    expect(refusal(waiting, { count: 1, bytes: 2 })).toMatch(/64000000/)
  })

  test('a run gets at most 1,000 messages and 1 MB, but always the first one', () => {
    expect(fitsBatch({ count: 0, bytes: 0 }, 2 * maxBatchBytes)).toBe(true)
    expect(fitsBatch({ count: 1, bytes: maxBatchBytes - 1 }, 1)).toBe(true)
    expect(fitsBatch({ count: 1, bytes: maxBatchBytes - 1 }, 2)).toBe(false)
    expect(fitsBatch({ count: maxBatch - 1, bytes: 0 }, 1)).toBe(true)
    expect(fitsBatch({ count: maxBatch, bytes: 0 }, 1)).toBe(false)
  })
})

describe('the line that a run reads', () => {
  const message = {
    id: '20260310T120000.000-0000abcdef',
    at: '2026-03-10T12:00:00.000Z',
    from: { host: 'a', task: 'sender', run: null },
    text: 'say "hi"',
  }

  test('as text it is the text', () => {
    expect(inputLine(message, 'text', 3)).toBe('say "hi"\n')
  })

  test('as JSON it has the id, the time and the sender, and counts the tries from the second on', () => {
    expect(JSON.parse(inputLine(message, 'json', 0))).toEqual(message)
    expect(JSON.parse(inputLine(message, 'json', 1))).toEqual({ ...message, tries: 2 })
  })
})

describe('what becomes of a message when its run is over', () => {
  const failed = {
    outcome: 'failed',
    isInterrupted: false,
    isKilled: false,
    hasRetry: true,
    attempts: 2,
  } as const

  test.each([
    ['a run that was ok is done with it', 5, { ...failed, outcome: 'ok' }, 'done'],
    ['it stays with its batch for the next attempt', 0, failed, 'again'],
    ['the last but one attempt keeps it too', 1, failed, 'again'],
    ['it is dead after the last attempt', 2, { ...failed, hasRetry: false }, 'dead'],
    ['it is dead even if its batch is retried', 2, failed, 'dead'],
    ['without retry it is dead at once', 0, { ...failed, attempts: 0, hasRetry: false }, 'dead'],
    ['a failed run without a retry leaves it waiting', 0, { ...failed, hasRetry: false }, 'back'],
    [
      'a stop leaves it waiting, however often it was given',
      9,
      { ...failed, isInterrupted: true },
      'back',
    ],
    [
      'it is dead if a person ended the run',
      0,
      { ...failed, isKilled: true, hasRetry: false },
      'dead',
    ],
  ] as const)('%s', (_, tries, end, fate) => {
    expect(fateOf(tries, end)).toBe(fate)
  })
})

describe('what a run has not read of its input', () => {
  test.each([
    ['nothing is left', ['a\n', 'b\n'], '', []],
    ['the last lines are left', ['a\n', 'b\n', 'c\n'], 'b\nc\n', [1, 2]],
    ['a half-read line counts as unread', ['abc\n', 'def\n'], 'c\ndef\n', [0, 1]],
    ['the beginning of a line that was being written is no line', ['a\n', 'b\n'], 'b\ncc', [1]],
    ['equal lines are told apart by their order', ['x\n', 'x\n', 'x\n'], 'x\nx\n', [1, 2]],
    ['the end of a line may look like another line', ['b\n', 'ab\n', 'c\n'], 'b\nc\n', [1, 2]],
    [
      'lines that an earlier daemon wrote in another order',
      ['a\n', 'b\n', 'c\n'],
      'c\na\n',
      [0, 2],
    ],
    ['a line that nobody knows', ['a\n'], 'zzz\na\n', [0]],
    ['a torn line that stands alone', ['a\n', 'b\n'], 'a\nto\nb\n', [0, 1]],
  ])('%s', (_, lines, unread, places) => {
    expect([...unreadLines(lines, unread).keys()].toSorted((a, b) => a - b)).toEqual(places)
  })

  test('only a line that was read in part is half', () => {
    const found = unreadLines(['abc\n', 'def\n'], 'c\ndef\n')
    expect([found.get(0), found.get(1)]).toEqual(['half', 'whole'])
  })

  test('any number of whole lines at the end is found, wherever the first one is cut', () => {
    const lines = Array.from({ length: 50 }, (_, at) => `message ${at % 7} ${at}\n`)
    const all = lines.join('')
    for (let cut = 0; cut <= all.length; cut++) {
      let start = 0
      const expected = lines.flatMap((line, at) => {
        start += line.length
        return start > cut ? [at] : []
      })
      const found = [...unreadLines(lines, all.slice(cut)).keys()].toSorted((a, b) => a - b)
      expect(found).toEqual(expected)
    }
  })
})
