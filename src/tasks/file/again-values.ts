import { z } from 'zod'
import { restartModes } from '../task.ts'
import * as value from './schema-values.ts'
import { key } from './schema-values.ts'

/** When a task starts again: the keys of `retry` and `restart`. */

export const retry = z.strictObject({
  attempts: key(value.whole(0, 1000), 'how many times to retry a run that failed or timed out', 0),
  delay: key(value.duration, 'delay before the first retry', '1s'),
  backoff: key(value.factor(1, 100), 'each further delay is this many times longer', 2),
  max_delay: key(value.duration, 'longest delay', '5m'),
  on: key(
    value.retryCauses,
    'retry only after these ends: exit codes, `timeout`, `signal` (not sent by torch), `spawn-failed`; default: after every failure',
  ),
})

/** Both keys are required: see type-checks.ts. */
export const restartLimit = z.strictObject({
  starts: key(value.whole(1, 1000), 'how many starts are allowed'),
  within: key(value.longDuration, 'in how much time'),
})

export const restart = z.strictObject({
  delay: key(
    value.longDuration,
    '`daemon` only: delay from the end of a run to the next start; it doubles each time',
    '1s',
  ),
  max_delay: key(value.longDuration, '`daemon` only: longest delay', '1m'),
  reset_after: key(
    value.duration,
    '`daemon` only: after a run of at least this length, the delay is `restart.delay` again',
    '1m',
  ),
  on: key(
    z.enum(restartModes),
    '`daemon` only: start the next run after any end (`always`), only after a `failure`, or `never`; a reload, a stop and a reboot are no such ends',
    'always',
  ),
  limit: key(
    restartLimit,
    '`daemon` only: `{ starts: 5, within: 10m }`: after this number of starts within this time, torch gives the place up, until the task changes, or `torch resume TASK`',
  ),
})
