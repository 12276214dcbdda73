import { randomBytes } from 'node:crypto'
import type { Message } from './message.ts'

/** What `torch notify test` sends. */
export function newTestMessage(host: string, nowMs: number): Message {
  return {
    ...{ id: `test-${randomBytes(8).toString('hex')}`, kind: 'test', host, task: null, run: null },
    ...{ at: new Date(nowMs).toISOString(), since: null, exitCode: null, signal: null },
    reason: 'somebody ran torch notify test',
    ...{ outcome: null, output: null, more: 'torch notify', url: null, count: 1 },
  }
}
