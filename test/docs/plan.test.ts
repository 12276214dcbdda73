import { expect, test } from 'vitest'
import { filePlan } from '../../src/cli/commands/plan/plan-text.ts'
import { at } from '../plan/support.ts'
import { good } from '../tasks/read.ts'
import { blocks } from './readme.ts'

test('the plan in the README is the plan of the file in the README', () => {
  const shown = blocks.find(({ text }) => text.startsWith('everywhere\n'))?.text
  const yaml = blocks.find(
    ({ language, text }) => language === 'yaml' && text.includes('rotate-tokens'),
  )
  const view = {
    paint: (_: unknown, text: string) => text,
    isUnicode: true,
    width: 100,
    zone: 'UTC',
  }
  const file = good(yaml?.text ?? '')
  const parts = [...filePlan(view, file, at('2026-11-21T08:00:00Z'))].filter((part) => part !== '')
  expect(`${parts.join('\n\n')}\n`).toBe(shown)
})
