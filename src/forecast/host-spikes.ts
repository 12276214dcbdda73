import { localText } from '../schedule/timezone.ts'
import { counted, someOf } from '../text/plural.ts'
import type { Forecast } from './forecast.ts'
import { grouped } from '../text/grouped.ts'
import { everywhere } from './hosts.ts'
import { spreadHint } from './spread.ts'
import { startsPerSecond } from './starts.ts'
import type { Warning } from './warning.ts'

/** So many tasks that start in one second on one machine are a herd. */
const herdSize = 10
/** So many of the hosts with the same herd are named. */
const maxNamedHosts = 4

/** The largest herd of a host in the time of its forecast. */
export interface Herd {
  readonly host: string
  readonly at: number
  readonly tasks: Forecast['tasks']
  /** In how many seconds there is one. */
  readonly seconds: number
}

/**
 * undefined where no second has so many. Starts that differ from machine to machine count only on
 * one whose name is known: elsewhere nobody can tell when they are.
 */
export function herdOn(forecast: Forecast, isName: boolean): Herd | undefined {
  const { host, from, busiest } = forecast
  if (busiest === undefined || busiest.starts < herdSize) return undefined
  const certain = isName ? forecast.tasks : forecast.tasks.filter(({ varies }) => !varies)
  const isAll = certain.length === forecast.tasks.length
  const counts = isAll ? forecast.perSecond : startsPerSecond(certain, forecast)
  const crowds = counts.filter((count) => count >= herdSize)
  if (crowds.length === 0) return undefined
  const largest = crowds.reduce((most, count) => Math.max(most, count))
  const at = from + 1 + counts.indexOf(largest)
  const tasks = certain.filter(({ slots, shift }) => slots.includes(at - shift))
  return { host, at, tasks, seconds: crowds.length }
}

/** One warning for each herd, and one for all hosts that have the same. Times in that zone. */
export function herdWarnings(herds: readonly Herd[], zone: string): Warning[] {
  const alike = grouped(herds, ({ at, seconds, tasks }) =>
    [at, seconds, ...tasks.map(({ task }) => task.name)].join(' '),
  )
  return [...alike.values()].flatMap((same) => {
    const hosts = [...new Set(same.map(({ host }) => host))]
    return same.slice(0, 1).map((herd) => warningOf(herd, hosts, zone))
  })
}

function warningOf({ at, seconds, tasks }: Herd, hosts: readonly string[], zone: string): Warning {
  const count = counted(tasks.length, 'task')
  const places = hosts.includes(everywhere) ? 'every machine' : someOf(hosts, maxNamedHosts)
  const where = `on ${places}, at ${localText(zone, at)}`
  const others = `${herdSize} or more do in ${counted(seconds - 1, 'other second')} of the day`
  return {
    kind: 'herd',
    tasks: tasks.map(({ task }) => task.name),
    message: `${count} start in one second ${where}${seconds === 1 ? '' : `; ${others}`}`,
    hint: spreadHint(tasks),
  }
}
