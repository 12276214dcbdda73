import { expect, test } from 'vitest'
import { runTimeout } from '../../src/control/run-timeout.ts'
import type { TaskFacts } from '../../src/control/status-report.ts'
import { taskStatus } from '../support/control.ts'

const facts: TaskFacts = {
  schedule: [],
  timezone: 'UTC',
  command: null,
  hosts: null,
  max: 1,
  timeoutMs: null,
}

test('whoever starts a task waits for the download of its script', () => {
  const script = { url: 'https://x.test/job', sha256: null, timeoutMs: 30_000 }
  const tasks = [
    taskStatus({ name: 'fetched', definition: { ...facts, script } }),
    taskStatus({ name: 'plain', definition: facts }),
  ]
  expect(runTimeout({ tasks }, 'fetched')).toEqual({ timeoutMs: 40_000 })
  expect(runTimeout({ tasks }, 'plain')).toEqual({})
  expect(runTimeout({ tasks }, 'unknown')).toEqual({})
})
