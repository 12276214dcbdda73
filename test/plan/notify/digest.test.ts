import { expect, test } from 'vitest'
import { addToWindow, isOverAt, type TargetWindow } from '../../../src/plan/notify/digest.ts'
import { lineOf } from '../../../src/plan/notify/digest-text.ts'
import { newNotice } from '../../../src/plan/notify/notice.ts'

const noon = Date.parse('2026-03-10T12:00:00Z')

function windowOf(count: number): { window: TargetWindow | undefined; sent: number } {
  let window: TargetWindow | undefined
  let sent = 0
  for (let index = 0; index < count; index++) {
    const task = `job-${index}`
    const notice = newNotice({ kind: 'failed', task, atMs: noon, key: task, exitCode: 3 })
    const added = addToWindow(window, () => lineOf(notice), noon + index)
    window = added.window
    if (added.isSent) sent += 1
  }
  return { window, sent }
}

test('ten messages of a minute go out, and all others become lines of one', () => {
  expect(windowOf(10)).toMatchObject({ sent: 10, window: { held: 0 } })
  const { sent, window } = windowOf(12)
  expect(sent).toBe(10)
  expect(window?.lines).toEqual([
    '2026-03-10 12:00:00 UTC job-10: failed (exit code 3)',
    '2026-03-10 12:00:00 UTC job-11: failed (exit code 3)',
  ])
})

test('of a thousand messages the newest 50 have a line', () => {
  const { window } = windowOf(1010)
  expect([window?.held, window?.lines.length]).toEqual([1000, 50])
  expect([window?.lines[0], window?.lines.at(-1)]).toEqual([
    expect.stringContaining('job-960:'),
    expect.stringContaining('job-1009:'),
  ])
})

test('a window is over after a minute, and when the clock is set back', () => {
  const window = { startMs: noon, sent: 1, held: 0, lines: [] }
  expect([0, 59_999, 60_000, -1].map((ms) => isOverAt(window, noon + ms))).toEqual([
    false,
    false,
    true,
    true,
  ])
})
