import { expect, test } from 'vitest'
import { wholePlan } from '../../src/cli/commands/plan/all-hosts.ts'
import { at } from '../plan/support.ts'
import { good } from '../tasks/read.ts'
import { blocks } from './readme.ts'

test('torch plan shows of the file of the README what the README shows', () => {
  const shown = blocks.find(({ text }) => text.startsWith('everywhere\n'))?.text
  const yaml = blocks.find(
    ({ language, text }) => language === 'yaml' && text.includes('rotate-tokens'),
  )
  const paper = {
    paint: (_: unknown, text: string) => text,
    isUnicode: true,
    width: 100,
    zone: 'UTC',
  }
  const file = good(yaml?.text ?? '')
  const parts = [...wholePlan(paper, file, at('2026-11-21T08:00:00Z'))].filter(
    (part) => part !== '',
  )
  expect(`${parts.join('\n\n')}\n`).toBe(shown)
})
