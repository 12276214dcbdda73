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

test.each([
  ['BST', 'BST'],
  ['SystemV/PST8PDT', 'SystemV/PST8PDT'],
  ['CET-1CEST,M3.5.0,M10.5.0/3', 'CET-1CEST,M3.5.0,M10.5.0/3'],
  ['No/Such', 'No/Such'],
  ['UTC', undefined],
  ['', undefined],
  ['Japan', undefined],
  [':Europe/Berlin', undefined],
])('TZ=%s is ignored: %s, and the zone is then UTC', (variable, ignored) => {
  process.env['TZ'] = variable
  expect(wallClock.ignoredZone()).toBe(ignored)
  if (ignored !== undefined) expect(wallClock.zone()).toBe('UTC')
})
