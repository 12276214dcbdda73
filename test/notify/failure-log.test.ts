import { expect, test } from 'vitest'
import type { Entry } from '../../src/notify/entry-file.ts'
import { newFailureLog } from '../../src/notify/failure-log.ts'
import { messageOf } from '../support/notify.ts'

test('a digest that is given up has all its lines in the log: they are nowhere else', () => {
  const logged: object[] = []
  const failures = newFailureLog({ warn: (_, facts, words) => logged.push({ ...facts, words }) })
  const entry: Entry = {
    ...{ name: 'x', recipient: 'ops', task: null, attempts: 28 },
    ...{ waitedMs: 0, nextMs: null, lastError: null },
  }
  const reason = 'a failed\nb failed\nand 295 more'
  const message = messageOf({ kind: 'digest', task: null, run: null, count: 297, reason })
  failures.note(entry, 'HTTP 503', { kind: 'message', target: 'ops', message })
  expect(logged).toEqual([
    {
      ...{
        target: 'ops',
        attempts: 29,
        id: 'id-1',
        kind: 'digest',
        reason: 'HTTP 503',
        count: 297,
      },
      lines: ['a failed', 'b failed', 'and 295 more'],
      words: 'ops: could not be delivered: HTTP 503: 297 messages from torch on db1',
    },
  ])
})
