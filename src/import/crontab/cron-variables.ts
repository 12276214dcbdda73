import { currentName, isZone, zoneHint } from '../../schedule/zone-names.ts'
import { allowedName, maxTextChars } from '../../tasks/file/limits.ts'
import { showValue } from '../../tasks/file/expected.ts'
import { formatDuration } from '../../text/duration.ts'
import { unsupportedIn } from '../draft.ts'

/** A key of a task, or `env.NAME` for a variable of its environment. undefined: no longer set. */
type CronSetting = readonly [key: string, value: string | undefined]

/** What a variable of a crontab becomes in a tasks file. */
interface Meaning {
  readonly settings: readonly CronSetting[]
  /** What torch cannot import. */
  readonly loss?: string
  /** Only the first loss of a topic is shown. */
  readonly topic?: string
}

/** What a variable means for the entries below it, by crontab(5) of Debian and of cronie. */
export function meaningOf(name: string, value: string): Meaning {
  const unsupported = unsupportedIn(value)
  if (unsupported !== undefined) return lost(unsupported)
  switch (name) {
    case 'SHELL':
      return absolute(name, value, [['shell', value]])
    case 'HOME':
      // cron also changes to this directory.
      return absolute(name, value, [
        ['cwd', value],
        ['env.HOME', value],
      ])
    case 'LOGNAME':
    case 'USER':
      return lost(`${name} cannot be set; it is always the user of the task`)
    case 'MAILTO':
    case 'MAILFROM':
    case 'CONTENT_TYPE':
    case 'CONTENT_TRANSFER_ENCODING':
      if (value === '') return { settings: [] }
      return {
        ...lost(
          'torch does not mail the output of runs: torch logs shows it, and notify sends a message after a failure',
        ),
        topic: 'mail',
      }
    case 'MLS_LEVEL':
      return lost('torch does not set SELinux contexts')
    case 'CRON_TZ':
      return zone(value)
    case 'START_HOURS_RANGE':
      return lost('START_HOURS_RANGE is for anacron; in torch the hours are a part of the schedule')
    case 'RANDOM_DELAY':
      return delay(value)
    default:
      return variable(name, value)
  }
}

function absolute(name: string, value: string, settings: readonly CronSetting[]): Meaning {
  return value.startsWith('/') && value.length <= maxTextChars
    ? { settings }
    : lost(`${name} must be an absolute path`)
}

/** An empty value means the zone of the machine again. */
function zone(value: string): Meaning {
  if (value === '') return { settings: [['timezone', undefined]] }
  const name = isZone(value) ? value : currentName(value)
  if (name === undefined)
    return lost(`torch does not know the time zone ${showValue(value)}; ${zoneHint(value)}`)
  const loss =
    "CRON_TZ becomes timezone, which also sets TZ for the runs; cronie uses this zone too, but Debian's cron ignores it and uses the zone of the machine"
  return { settings: [['timezone', name]], loss, topic: 'zone' }
}

/** Minutes, at most a day (entry.c of cronie). */
function delay(value: string): Meaning {
  const minutes = /^[ \t]*\d{1,4}(?!\d)/.test(value) ? Number.parseInt(value, 10) : Infinity
  if (minutes > 24 * 60) return lost('RANDOM_DELAY must be a number of minutes from 0 to 1440')
  if (minutes === 0) return { settings: [['jitter', undefined]] }
  const loss =
    'RANDOM_DELAY becomes jitter, a delay that is always the same for a task on a machine'
  return { settings: [['jitter', formatDuration(minutes * 60_000)]], loss, topic: 'delay' }
}

function variable(name: string, value: string): Meaning {
  if (!/^[A-Za-z_]\w*$/.test(name))
    return lost('a variable name has only letters, digits and _, and does not begin with a digit')
  if (!allowedName.test(name)) return lost('names that begin with TORCH_ are reserved for torch')
  // The reader of tasks files refuses this key, which is special in JavaScript.
  if (name === '__proto__') return lost('a task cannot have a variable with the name __proto__')
  return { settings: [[`env.${name}`, value]] }
}

function lost(loss: string): Meaning {
  return { settings: [], loss }
}
