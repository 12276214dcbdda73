import { expect, test } from 'vitest'
import { forecastOf } from '../../src/forecast/forecast.ts'
import { spreadHint, withHash } from '../../src/forecast/spread.ts'
import { read } from '../schedule/read.ts'
import { aTask, at } from '../plan/support.ts'

test.each([
  ['30 2 * * *', 'H 2 * * *'],
  ['*/15 * * * *', 'H/15 * * * *'],
  ['0/20 8-18 * * MON-FRI', 'H/20 8-18 * * mon-fri'],
  ['* * * * *', 'H * * * * *'],
  ['*/1 * * * *', undefined],
  ['0 30 2 * * *', '0 H 2 * * *'],
  ['0 * * * * *', 'H * * * * *'],
  ['*/10 * * * * *', 'H/10 * * * * *'],
  ['* * * * * *', undefined],
  ['0,30 8 * * *', undefined],
  ['10-20 8 * * *', undefined],
  ['@daily', 'H H * * *'],
  ['@Hourly', 'H * * * *'],
  ['@every 1h', undefined],
  ['@reboot', undefined],
])('%s at times of its own is %s', (text, spread) => {
  expect(withHash(text)).toBe(spread)
  if (spread !== undefined) read(spread)
})

test.each([
  [
    ['@every 1h', '5 * * * *'],
    '"H * * * *" instead of "5 * * * *" in job, or jitter: 1m, gives each its own time',
  ],
  [['@every 1h'], 'jitter: 10m gives each its own time'],
  [['@every 1m'], 'jitter: 30s gives each its own time'],
  [['@every 3s'], 'jitter: 1s gives each its own time'],
  [['0,1 8 * * *'], 'jitter: 30s gives each its own time'],
])('%j: %s', (schedule, hint) => {
  const { tasks } = forecastOf([aTask({ schedule })], 'web1', at('2026-09-01T12:00:00Z'))
  expect(spreadHint(tasks)).toBe(hint)
})
