import { expect, test } from 'vitest'
import { filePlan } from '../../src/cli/commands/plan/plan-text.ts'
import { at } from '../support/plan.ts'
import { good } from '../support/tasks.ts'
import { blockOf } from './pages.ts'

test('torch plan prints what the page shows for the tasks file of the documentation', () => {
  const shown = blockOf('docs/review.md', 'text plan')
  const view = {
    paint: (_: unknown, text: string) => text,
    isUnicode: true,
    width: 100,
    zone: 'UTC',
  }
  const file = good(blockOf('docs/tasks-file.md', 'yaml'))
  const parts = [...filePlan(view, file, at('2026-11-21T08:00:00Z'))].filter((part) => part !== '')
  expect(`${parts.join('\n\n')}\n`).toBe(shown)
})
