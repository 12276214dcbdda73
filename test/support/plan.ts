import type { Start } from '../../src/plan/admit.ts'
import { agendaOf, advance } from '../../src/plan/agenda.ts'
import { nextEntry, type Timetable, timetableOf } from '../../src/plan/slots.ts'
import { planTick, type TickPlan, type TickState } from '../../src/plan/tick.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import { noNotify } from '../../src/tasks/notify.ts'
import type { Task } from '../../src/tasks/task.ts'

/** A task as the parser builds it, with the default of every key. */
export function aTask(fields: Partial<Task> & { schedule?: string | string[] } = {}): Task {
  const { schedule = [], ...given } = fields
  const name = given.name ?? 'job'
  const timezone = given.timezone ?? 'UTC'
  const schedules = [schedule].flat().map((text) => {
    const parsed = parseSchedule(text, { zone: timezone, seed: `${name}@host` })
    if (!parsed.ok) throw new Error(parsed.message)
    return parsed.schedule
  })
  return {
    name,
    type: 'common',
    schedules,
    when: undefined,
    pools: [],
    after: undefined,
    command: 'true',
    script: undefined,
    input: { mode: 'none', format: 'text' },
    listen: [],
    ready: undefined,
    hosts: undefined,
    hostEntries: undefined,
    fleet: undefined,
    max: 1,
    overlap: 'skip',
    timezone,
    jitterMs: 0,
    catchup: 'off',
    catchupWindowMs: 3_600_000,
    timeoutMs: undefined,
    killAfterMs: 10_000,
    retry: { attempts: 0, delayMs: 1000, backoff: 2, maxDelayMs: 300_000 },
    restart: { delayMs: 1000, maxDelayMs: 60_000, resetAfterMs: 60_000 },
    successCodes: [0],
    shell: '/bin/sh',
    cwd: undefined,
    umask: 0o022,
    nice: 0,
    limits: {},
    user: undefined,
    group: undefined,
    env: {},
    envFile: undefined,
    output: { keepRuns: 20, keepForMs: 7 * 86_400_000, maxSizeBytes: 10_000_000 },
    notify: noNotify,
    ping: undefined,
    description: undefined,
    labels: {},
    enabled: true,
    definition: JSON.stringify({ name, schedule, command: given.command ?? 'true' }),
    file: 'tasks.yaml',
    line: 1,
    ...given,
  }
}

/** The start of a run in a test for which the slot does not matter. */
export const aStart: Start = {
  task: 'job',
  slot: 100,
  trigger: 'schedule',
  attempt: 1,
  dueMs: undefined,
}

/** Seconds since the epoch of an ISO time. */
export function at(iso: string): number {
  return Date.parse(iso) / 1000
}

/** A tick that the test drives by hand. It applies each plan as the daemon does. */
export function tickOf(tasks: readonly Task[], done: number, wasDown = false) {
  const tables = new Map<string, Timetable>(
    tasks.map((task) => [task.name, timetableOf(task, 'host')]),
  )
  const entries = [...tables.values()].flatMap((table) => nextEntry(table, done, done) ?? [])
  let state: TickState = { done, high: done, agenda: agendaOf(entries) }
  return {
    at(now: number): TickPlan {
      const plan = planTick(
        state,
        { timetable: (name) => tables.get(name), timetables: () => tables.values(), wasDown },
        now,
      )
      const agenda = plan.agenda ?? state.agenda
      if (plan.step.kind !== 'none') advance(agenda, plan.done, plan.next)
      state = { done: plan.done, high: plan.high, agenda }
      return plan
    },
    state: () => state,
  }
}

/** The starts and misses of a plan in short, for example `job 12:00:00`. */
export function inShort(plan: TickPlan): string[] {
  const clock = (second: number) => new Date(second * 1000).toISOString().slice(11, 19)
  return [
    ...plan.misses.map(
      (miss) =>
        `${miss.task} missed ${miss.count} ${clock(miss.first)}-${clock(miss.last)} (${miss.reason})`,
    ),
    ...plan.starts.map(({ start }) => {
      const how = start.trigger === 'schedule' ? '' : ` ${start.trigger}`
      return `${start.task} ${clock(start.slot ?? 0)}${how}`
    }),
  ]
}
