import { z } from 'zod'
import * as names from './name-values.ts'
import * as value from './schema-values.ts'
import { key } from './schema-values.ts'

/** The keys that say where a task runs: on which machines, on how many of them, and how often at once. */
export const whereKeys = {
  hosts: key(
    value.hostEntries,
    'where the task runs: groups, addresses, CIDR blocks, host names and patterns; `!` excludes; default: everywhere',
  ),
  scope: key(
    z.enum(['host', 'fleet']),
    '`host`: each machine of `hosts` runs the task for itself; `fleet`: each slot starts on one of them; for a `daemon`, they keep `max` runs together',
    'host',
  ),
  prefer: key(
    value.hostEntries,
    '`scope: fleet` only: which machines come first, entry by entry as in `hosts`; all others come last',
  ),
  max: key(
    value.max,
    'most runs at the same time on one machine, or with `scope: fleet` on all machines together; for a `daemon`: how many runs to keep running (not `unlimited`)',
    1,
  ),
  pool: key(
    names.pools,
    'the task starts only if each of these `pools` has room on the machine; otherwise `overlap` says what happens; not for a `daemon`',
  ),
  max_per_host: key(
    value.whole(1),
    '`scope: fleet` only: most runs at the same time on one machine, at most `max`',
    1,
  ),
  start_within: key(
    value.startWithin,
    '`scope: fleet` only: how late a slot may start if the fleet cannot decide at once; it also ends at the next slot',
    '1m',
  ),
  on_lost: key(
    z.enum(['skip', 'rerun']),
    '`scope: fleet` only: if the machine of a run is gone: `skip`: wait for the next slot; `rerun`: start it again on another machine, at most twice',
    'skip',
  ),
  fence: key(
    value.fence,
    '`scope: fleet` only: end a run if its machine cannot reach the engine for this long; default: `30s` for a `daemon`, otherwise `off`',
  ),
}
