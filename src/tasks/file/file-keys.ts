import { z } from 'zod'
import * as limits from './limit-values.ts'
import * as names from './name-values.ts'
import * as messages from './notification-values.ts'
import * as value from './schema-values.ts'
import { key } from './schema-values.ts'

/** The keys at the top of a file, besides `defaults` and `tasks`. */
export const fileKeys = {
  timezone: key(
    value.zone,
    'time zone of the schedules, such as `Europe/Berlin`; default: the time zone of the machine',
  ),
  hosts: key(
    z.record(value.groupName, value.hostEntries).meta({ title: 'map of names to lists' }),
    'groups of machines: addresses, CIDR blocks, host names, patterns',
  ),
  sources: key(
    z.record(value.ownName, value.sourceUrl).meta({ title: 'map of names to URLs' }),
    'short names for the places of scripts; `%s` is the path: `ops: https://git.example.com/ops/%s`',
  ),
  calendars: key(
    limits.calendars,
    'named days for `only` and `except`: `holidays: [2026-12-25, 12-25, 2026-12-24..2027-01-01]`, or `{ file: PATH }` with one of these a line',
  ),
  pools: key(
    names.poolSizes,
    'names with numbers: the most runs of all tasks with this `pool` at the same time on one machine',
  ),
  notify: key(
    z.record(value.ownName, messages.target).meta({ title: 'map of names to targets' }),
    'where messages go: `ops: { webhook: URL }`, `{ mail: [ADDRESS] }` or `{ command: [WORDS] }`',
  ),
  heartbeat: key(
    messages.heartbeat,
    'a URL that the daemon calls all the time, so that somebody else notices when it is down',
  ),
  web_url: key(messages.pageUrl, 'the address of the page of torch, for the messages'),
}
