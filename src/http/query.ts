import { exitStatus, TorchError } from '../errors.ts'
import { type Outcome, outcomes } from '../plan/history-row.ts'
import { timeText } from '../record/history/rows.ts'
import type { Asked } from './reply.ts'

/** Tasks that one request may name: more do not fit into an address. */
const maxTasks = 500

/** The error for a query that is wrong. */
export function badQuery(message: string): TorchError {
  return new TorchError('bad-request', message, {
    exit: exitStatus.usage,
    hint: 'docs/reference/http.md has the queries',
  })
}

export function tasksIn(c: Asked): readonly string[] {
  const tasks = c.req.queries('task') ?? []
  if (tasks.length > maxTasks)
    throw badQuery(`task: at most ${maxTasks} tasks; got ${tasks.length}`)
  return tasks
}

export function outcomesIn(c: Asked): readonly Outcome[] {
  return (c.req.queries('outcome') ?? []).map((word) => {
    const outcome = outcomes.find((each) => each === word)
    if (outcome === undefined)
      throw badQuery(`outcome: expected ${outcomes.join(', ')}; got ${JSON.stringify(word)}`)
    return outcome
  })
}

/** A day, or a time with its zone: without one, the zone of the server would count. */
const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/

/** Milliseconds since the epoch. */
export function timeIn(c: Asked, name: string): number | undefined {
  const text = c.req.query(name)
  if (text === undefined) return undefined
  const ms = isoTime.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms))
    throw badQuery(
      `${name}: expected a time such as 2026-03-08T07:00:00Z; got ${JSON.stringify(text)}`,
    )
  return ms
}

/** The same, as the history has its times. */
export function timeTextIn(c: Asked, name: string): string | undefined {
  const ms = timeIn(c, name)
  return ms === undefined ? undefined : timeText(ms)
}

export function wholeIn(c: Asked, name: string, most: number, least = 0): number | undefined {
  const text = c.req.query(name)
  if (text === undefined) return undefined
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  const range = `a whole number from ${least} to ${most}`
  throw badQuery(`${name}: expected ${range}; got ${JSON.stringify(text)}`)
}

/** The `before` of an answer, by which the next page begins. */
export function placeIn(c: Asked): string | undefined {
  const text = c.req.query('before')
  if (text === undefined || /^\d{1,15}\.\d{1,15}$/.test(text)) return text
  throw badQuery(`before: expected what the last answer has; got ${JSON.stringify(text)}`)
}

/** The machine that a request is about; undefined: this one. */
export function hostIn(c: Asked): string | undefined {
  return c.req.query('host') || undefined
}
