import { advance, agendaOf } from '../dist/plan/agenda.js'
import { nextEntry, timetableOf } from '../dist/plan/slots.js'
import { planTick } from '../dist/plan/tick.js'
import { nextDue } from '../dist/schedule/due.js'
import { parseSchedule } from '../dist/schedule/parse.js'
import { readTasks } from '../dist/tasks/file/read.js'
import { percentile, round } from './figures.js'

/** The promises: a tick with all tasks loaded and none due; the next time of any schedule. */
const goalTickMs = 1
const goalNextMs = 5
/** For the tick after the clock was set a year ahead. */
const goalJumpMs = 2_000
const jumpSeconds = 365 * 86_400
const ticksMeasured = 300
const mostTasks = 10_000
/** A Sunday night: seconds since the epoch. */
const start = Date.parse('2026-03-01T00:00:00Z') / 1000

/** What a tick costs by the number of loaded and of due tasks, and what `next` costs at its worst. */
export async function ticks(_, say) {
  const breaches = []
  say(`reading ${mostTasks} tasks ...`)
  const quiet = tasksOf(mostTasks, nightly)
  const lively = tasksOf(1_000, () => '* * * * * *')
  const measure = (loaded, due) =>
    measureTicks([...quiet.slice(0, loaded - due), ...lively.slice(0, due)], due)

  say('ticks ...')
  // Not shown: the first measurement is that of the compiler.
  measure(1_000, 100)
  const idle = [100, 1_000, mostTasks].map((loaded) => ({ loaded, ...measure(loaded, 0) }))
  const worst = idle.at(-1)
  if (worst.p99 >= goalTickMs)
    breaches.push(`a tick with ${mostTasks} tasks and none due takes ${worst.p99} ms (p99)`)
  const busy = [1, 10, 100, 1_000].map((due) => ({ due, ...measure(mostTasks, due) }))

  say('a jump of the clock ...')
  const jump = measureJump(lively)
  if (jump.ms >= goalJumpMs)
    breaches.push(`the tick after a jump of a year takes ${jump.ms} ms, over ${goalJumpMs} ms`)

  say('next times ...')
  const awkward = awkwardSchedules.map(measureNext)
  for (const { schedule, zone, first, max } of awkward)
    if (Math.max(first, max) >= goalNextMs)
      breaches.push(`next of ${schedule} in ${zone} takes ${Math.max(first, max)} ms`)
  return {
    tables: [
      { title: 'A tick with none due, ms', rows: idle },
      { title: `A tick with ${mostTasks} tasks loaded and some due, ms`, rows: busy },
      {
        title: 'The tick after the clock was set a year ahead, with tasks of each second',
        rows: [jump],
      },
      {
        title: 'The next time of awkward schedules, ms (first: the first call ever)',
        rows: awkward,
      },
    ],
    breaches,
  }
}

/** What the daemon does in a second, without the starts: plan, and update the agenda. */
function measureTicks(tasks, due) {
  const { facts, begin } = newState(tasks)
  let state = begin
  const times = []
  for (let second = start + 1; second <= start + ticksMeasured; second++) {
    const from = performance.now()
    const plan = planTick(state, facts, second)
    advance(state.agenda, plan.done, plan.next)
    state = { done: plan.done, high: plan.high, agenda: state.agenda }
    times.push(performance.now() - from)
    if (plan.starts.length !== due) throw new Error(`${plan.starts.length} due instead of ${due}`)
  }
  return timesRow(times)
}

function measureJump(tasks) {
  const { facts, begin } = newState(tasks)
  const from = performance.now()
  const plan = planTick(begin, facts, start + jumpSeconds)
  advance(begin.agenda, plan.done, plan.next)
  const ms = round(performance.now() - from, 1)
  return { tasks: tasks.length, missed: plan.misses.length, ms }
}

/** The facts and the first state for planTick. */
function newState(tasks) {
  const tables = new Map(tasks.map((task) => [task.name, timetableOf(task, 'host')]))
  const facts = {
    timetable: (name) => tables.get(name),
    timetables: () => tables.values(),
    wasDown: false,
  }
  const entries = [...tables.values()].map((table) => nextEntry(table, start, start))
  return { facts, begin: { done: start, high: start, agenda: agendaOf(entries) } }
}

/** Tasks as they come from a file. */
function tasksOf(count, scheduleOf) {
  const lines = Array.from({ length: count }, (_, index) => {
    const schedule = scheduleOf(index)
    return `  t${count}-${index}: { schedule: '${schedule}', command: 'true' }`
  })
  const source = { path: 'tasks.yaml', text: `tasks:\n${lines.join('\n')}\n` }
  const parsed = readTasks([source], {
    zone: 'UTC',
    host: 'host',
    machine: { names: ['host'], addresses: [] },
    mayChangeUser: false,
    folder: '/',
    digest: (text) => text,
    sha256: (text) => text,
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems[0]))
  return parsed.file.tasks
}

/** Spread over the month, and never in the minutes that are measured. */
function nightly(index) {
  return `${index % 60} ${(index % 22) + 2} ${(index % 28) + 1} * *`
}

/** What is far away, what is near a clock change, and what never comes. */
const awkwardSchedules = [
  ['0 0 0 29 2 *', 'UTC'],
  ['0 0 0 29 2 1', 'America/New_York'],
  ['59 59 23 29 2 ?', 'Asia/Kathmandu'],
  ['0 30 2 * 4 0#1', 'Australia/Lord_Howe'],
  ['0 15 2 * 10 0#1', 'Australia/Lord_Howe'],
  ['0 30 0 * 3 *', 'America/Havana'],
  ['0 30 1 * 3 0L', 'Antarctica/Troll'],
  ['0 0 12 30 12 *', 'Pacific/Apia'],
  ['0 0 0 30 2 *', 'UTC'],
  ['0 0 0 31 4,6,9,11 *', 'America/Sao_Paulo'],
  ['0 0 0 29 2 1#5', 'UTC'],
  ['* * * * * *', 'Africa/Casablanca'],
]

/** From each day of ten years, so that a day just before a skipped hour is among them. */
function measureNext([schedule, zone]) {
  const parsed = parseSchedule(schedule, { zone, seed: 'task@host' })
  if (!parsed.ok) throw new Error(parsed.message)
  const timeOnce = (after) => {
    const from = performance.now()
    nextDue(parsed.schedule, after)
    return performance.now() - from
  }
  const first = round(timeOnce(start), 3)
  const days = Array.from({ length: 3650 }, (_, day) => start + day * 86_400)
  // The best of three, because other processes also take time.
  const times = days.map((day) => Math.min(timeOnce(day), timeOnce(day), timeOnce(day)))
  return { schedule, zone, never: parsed.neverFires, first, ...timesRow(times) }
}

function timesRow(times) {
  return {
    mean: round(times.reduce((sum, time) => sum + time, 0) / times.length, 4),
    p50: round(percentile(times, 0.5), 4),
    p99: round(percentile(times, 0.99), 4),
    max: round(Math.max(...times), 3),
  }
}
