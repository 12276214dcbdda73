import type { Message } from '../../src/notify/message.ts'

/** A message about a task that failed, with these changes. */
export function messageOf(changes: Partial<Message> = {}): Message {
  return {
    ...{ id: 'id-1', kind: 'failed', host: 'db1', task: 'dump', run: '20260310T120000.000-0a1b' },
    description: null,
    ...{ at: '2026-03-10T12:00:05.000Z', since: null, exitCode: 3, signal: null },
    ...{ reason: 'exit code 3', outcome: 'failed', output: 'cannot connect\nbye\n' },
    ...{ more: 'torch history 20260310T120000.000-0a1b', url: null, count: 1, ids: null },
    ...changes,
  }
}
