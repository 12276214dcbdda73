import { expect, test } from 'vitest'
import { statusOf } from '../../../src/daemon/control/daemon-status.ts'
import { jitterOf } from '../../../src/text/hash.ts'
import { newSite } from '../support.ts'

const network = { name: () => 'web1', addresses: () => [] }
const hourly = (name: string) => `${name}: {schedule: "@hourly", command: x, jitter: 50m}`

test('what comes next is a start that will be, jitter and all', async () => {
  const site = newSite(`tasks: {${hourly('old')}}`, { at: '2026-03-10T11:59:58Z' })
  const { torch, seconds, edit } = await site.daemon({ network })
  const jitterMs = jitterOf('old', 'web1', 50 * 60_000)
  const nexts = () => statusOf(torch).tasks.map(({ name, next }) => `${name} ${next}`)
  seconds(4)
  // The slot of 12:00 is over, and waits for its jitter.
  expect(statusOf(torch)).toMatchObject({
    tasks: [{ name: 'old', next: '2026-03-10T12:00:00Z', jitterMs }],
  })
  // Of a task that began after it that slot is none.
  await edit(`tasks: {${hourly('old')}, ${hourly('new')}}`)
  expect(nexts()).toEqual(['old 2026-03-10T12:00:00Z', 'new 2026-03-10T13:00:00Z'])
})
