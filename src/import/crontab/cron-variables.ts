import { formatDuration } from '../../text/duration.ts'
import { isZone } from '../../schedule/timezone.ts'
import { maxTextChars } from '../../tasks/file/limits.ts'
import { showValue } from '../../tasks/file/show-value.ts'
import { unfitIn } from '../unfit.ts'

/** A key of a task, `env.NAME` for a variable of its environment; undefined: no longer set. */
type CronSetting = readonly [key: string, value: string | undefined]

/** What a variable of a crontab is in a tasks file. */
export interface Meaning {
  readonly settings: readonly CronSetting[]
  /** What of it cannot be carried over. */
  readonly loss?: string
  /** Losses of one sort are told once. */
  readonly sort?: string
}

/** What a variable means for the entries below it: crontab(5), and of cronie its own. */
export function meaningOf(name: string, value: string): Meaning {
  const unfit = unfitIn(value)
  if (unfit !== undefined) return lost(unfit)
  switch (name) {
    case 'SHELL':
      return absolute(name, value, [['shell', value]])
    case 'HOME':
      // cron changes to this directory, too.
      return absolute(name, value, [
        ['cwd', value],
        ['env.HOME', value],
      ])
    case 'LOGNAME':
    case 'USER':
      return lost(`${name} is always that of the user`)
    case 'MAILTO':
    case 'MAILFROM':
    case 'CONTENT_TYPE':
    case 'CONTENT_TRANSFER_ENCODING':
      if (value === '') return { settings: [] }
      return { ...lost('torch sends no mail; what runs print is in torch logs'), sort: 'mail' }
    case 'MLS_LEVEL':
      return lost('torch knows no contexts of SELinux')
    case 'CRON_TZ':
      return zone(value)
    case 'RANDOM_DELAY':
      return delay(value)
    default:
      return variable(name, value)
  }
}

function absolute(name: string, value: string, settings: readonly CronSetting[]): Meaning {
  return value.startsWith('/') && value.length <= maxTextChars
    ? { settings }
    : lost(`${name} has to be an absolute path`)
}

/** Empty: that of the machine again. */
function zone(value: string): Meaning {
  if (value === '') return { settings: [['timezone', undefined]] }
  if (!isZone(value)) return lost(`${showValue(value)} is no time zone that torch knows`)
  const loss = 'CRON_TZ is timezone, which in torch is also the TZ of the runs'
  return { settings: [['timezone', value]], loss, sort: 'zone' }
}

/** In minutes, and at most a day: entry.c of cronie. */
function delay(value: string): Meaning {
  const minutes = /^\s*\d{1,4}(?!\d)/.test(value) ? Number.parseInt(value, 10) : Infinity
  if (minutes > 24 * 60) return lost('RANDOM_DELAY takes minutes, from 0 to 1440')
  if (minutes === 0) return { settings: [['jitter', undefined]] }
  const loss = 'RANDOM_DELAY is jitter, which is fixed for each task and machine'
  return { settings: [['jitter', formatDuration(minutes * 60_000)]], loss, sort: 'delay' }
}

function variable(name: string, value: string): Meaning {
  if (!/^[A-Za-z_]\w*$/.test(name))
    return lost('a name has letters, digits and _, and does not begin with a digit')
  if (name.startsWith('TORCH_')) return lost('names that begin with TORCH_ are for torch to set')
  return { settings: [[`env.${name}`, value]] }
}

function lost(loss: string): Meaning {
  return { settings: [], loss }
}
