import { randomBytes } from 'node:crypto'
import { TorchError } from '../errors.ts'
import type { Target } from '../tasks/notify.ts'
import { nearest } from '../text/suggest.ts'
import type { Message } from './message.ts'
import type { Delivery } from './retry-plan.ts'

/** What `torch notify test` sends. */
export function newTestMessage(host: string, nowMs: number): Message {
  return {
    ...{ id: `test-${randomBytes(8).toString('hex')}`, kind: 'test', host, task: null, run: null },
    ...{ at: new Date(nowMs).toISOString(), since: null, exitCode: null, signal: null },
    reason: 'somebody ran torch notify test',
    description: null,
    ...{ outcome: null, output: null, more: 'torch notify', url: null, count: 1, ids: null },
  }
}

/** What came of a test message, as `torch notify test --json` shows it. */
export function testReport(target: string, { kind, words, details }: Delivery) {
  return { target, result: kind, words, details: details ?? null }
}

export function unknownTarget(name: string, targets: readonly Target[]): TorchError {
  const names = targets.map((each) => each.name)
  const known = names.length === 0 ? 'it has no targets' : `it has ${names.join(', ')}`
  const meant = nearest(name, names)
  return new TorchError('no-target', `the tasks file has no target ${JSON.stringify(name)}`, {
    hint: meant === undefined ? known : `did you mean ${meant}?`,
  })
}
