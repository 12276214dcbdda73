import { afterEach, expect, test } from 'vitest'
import { wallClock } from '../../src/host/clock.ts'

const { TZ } = process.env
afterEach(() => {
  process.env['TZ'] = TZ ?? ''
  if (TZ === undefined) delete process.env['TZ']
})

test.each([
  ['Europe/Berlin', 'Europe/Berlin'],
  [':Europe/Berlin', 'Europe/Berlin'],
  ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
  [':/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
  ['/usr/share/zoneinfo/No/Such', 'UTC'],
  ['No/Such', 'UTC'],
  ['utc', 'UTC'],
  ['', 'UTC'],
])('the zone of TZ=%s is %s', (variable, zone) => {
  process.env['TZ'] = variable
  expect(wallClock.zone()).toBe(zone)
})
