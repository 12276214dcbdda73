import type { Hono } from 'hono'
import type { TaskStatus } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import type { Clock } from '../host/clock.ts'
import type { HistoryRow } from '../plan/history-row.ts'
import { timeText } from '../record/history/rows.ts'
import type { View } from '../view/view.ts'
import type {
  HistoryAnswer,
  RecentAnswer,
  RunAnswer,
  StatusAnswer,
  TaskAnswer,
  TimelineAnswer,
} from './api.ts'
import { eventText, type EventStreams } from './event-stream.ts'
import type { Scope, Scopes } from './fleet/scopes.ts'
import type { Hub } from './hub.ts'
import { plannedStarts } from './planned.ts'
import { slotsNotStarted } from './not-started.ts'
import { maxRecentRuns } from './task-past.ts'
import {
  badQuery,
  hostIn,
  outcomesIn,
  placeIn,
  tasksIn,
  timeIn,
  timeTextIn,
  wholeIn,
} from './query.ts'
import { type Env, refusal, wrongMethod } from './reply.ts'
import { limitsOf, timelineOf } from './timeline.ts'

export interface ApiParts {
  readonly scopes: Scopes
  readonly streams: EventStreams
  readonly clock: Clock
  readonly version: string
  /** Whether the page may run and kill. */
  readonly actions: boolean
  /** The home, if commands for its daemon must name it. */
  readonly home?: string | undefined
}

const maxWindowMs = 32 * 86_400_000
/** Of all tasks: with 2,000 of them, two weeks would take a second and 20 MB. */
const maxWindowOfAllMs = 2 * 86_400_000
/** The times of a page that asks for no others. */
const defaultReachMs = 6 * 3_600_000
const maxHistoryRows = 1_000
const defaultHistoryRows = 100
const maxUpcoming = 10
/** How far ahead the next starts of a task are looked for. */
const upcomingMs = 400 * 86_400_000

/** The routes that only read. */
export function addApiRoutes(app: Hono<Env>, parts: ApiParts): void {
  addTaskRoutes(app, parts)
  addHistoryRoutes(app, parts)
}

function addTaskRoutes(app: Hono<Env>, parts: ApiParts): void {
  const { scopes, clock } = parts
  app.get('/api/status', async (c) => {
    const { hub } = await scopes.of(hostIn(c))
    const [{ host, tasks, id }, fleet] = await Promise.all([hub.picture(), scopes.feed?.view()])
    const answer: StatusAnswer = {
      now: timeText(clock.now()),
      version: parts.version,
      actions: parts.actions,
      ...(parts.home !== undefined && { home: parts.home }),
      hosts: [host],
      tasks,
      lastEventId: id,
      ...(fleet !== undefined && { fleet }),
    }
    return c.json(answer)
  })
  app.get('/api/recent', async (c) => {
    const { view } = await scopes.of(hostIn(c))
    const tasks = tasksIn(c)
    const found = await view.recent(tasks, maxRecentRuns)
    const answer: RecentAnswer = {
      tasks: Object.fromEntries(tasks.map((name) => [name, found.get(name) ?? []])),
    }
    return c.json(answer)
  })
  app.get('/api/timeline', async (c) => {
    const now = clock.now()
    const from = timeIn(c, 'from') ?? now - defaultReachMs
    const to = timeIn(c, 'to') ?? now + defaultReachMs
    if (to <= from || to - from > maxWindowMs)
      throw badQuery('from and to: expected two times, the second later, at most 32 days apart')
    const tasks = tasksIn(c)
    if (tasks.length === 0 && to - from > maxWindowOfAllMs)
      throw badQuery('from and to: without a task, at most 2 days apart; name tasks with task=NAME')
    const { view, hub } = await scopes.of(hostIn(c))
    const { status } = await hub.picture()
    const window = { from, to, now, tasks }
    const past = await view.between(window, limitsOf(window))
    const answer: TimelineAnswer = timelineOf(status.report, past, window)
    return c.json(answer)
  })
  app.get('/api/tasks/:name', async (c) => {
    const scope = await scopes.of(hostIn(c))
    return c.json(await taskAnswer(scope, clock, c.req.param('name')))
  })
  app.get('/api/events', async (c) => {
    // Hono answers HEAD as GET, and never reads or ends the stream.
    if (c.req.method === 'HEAD') return wrongMethod(c, 'GET')
    const since = c.req.header('last-event-id') ?? c.req.query('since') ?? ''
    const { hub } = await scopes.of(hostIn(c))
    const sources = { hub, feed: scopes.feed, clock }
    const stream = parts.streams.start((wake) => updates(sources, since, wake))
    if (stream === undefined)
      return refusal(c, 503, 'too-many', 'too many pages are open', 'close some of them')
    return eventStreamReply(stream)
  })
}

function addHistoryRoutes(app: Hono<Env>, { scopes }: ApiParts): void {
  app.get('/api/history', async (c) => {
    const { view } = await scopes.of(hostIn(c))
    const answer: HistoryAnswer = await view.page({
      tasks: tasksIn(c),
      outcomes: outcomesIn(c),
      since: timeTextIn(c, 'since'),
      until: timeTextIn(c, 'until'),
      before: placeIn(c),
      limit: wholeIn(c, 'limit', maxHistoryRows, 1) ?? defaultHistoryRows,
    })
    return c.json(answer)
  })
  app.get('/api/runs/:run', async (c) => {
    const { view } = await scopes.of(hostIn(c))
    const row = await view.run(c.req.param('run'))
    if (row === undefined || row.run === null) throw noRun(c.req.param('run'))
    return c.json(await runAnswer(view, row, row.run))
  })
}

/** The output of a run stays on its machine, which may not answer. */
async function runAnswer(view: View, row: HistoryRow, run: string): Promise<RunAnswer> {
  try {
    const output = await view.output({ task: row.task, run }, 0, 0)
    return {
      row,
      output: output === undefined ? null : { bytes: output.size, isWhole: output.isWhole },
    }
  } catch (error) {
    if (!(error instanceof TorchError) || error.code !== 'no-host') throw error
    return { row, output: null, why: error.message }
  }
}

export function eventStreamReply(stream: ReadableStream<Uint8Array>): Response {
  return new Response(stream, {
    headers: {
      'content-type': 'text/event-stream',
      // A proxy is not to collect events.
      'x-accel-buffering': 'no',
    },
  })
}

export function noRun(run: string): TorchError {
  return new TorchError('no-run', `no run that begins with ${JSON.stringify(run)} is known`, {
    hint: 'the history shows the runs',
  })
}

/** Times between two updates of one page. */
const minUpdateMs = 250

interface Sources extends Pick<ApiParts, 'clock'> {
  readonly hub: Hub
  readonly feed: Scopes['feed']
}

function updates({ hub, feed, clock }: Sources, since: string, wake: () => void) {
  let fleetVersion = 0
  const stopFeed = feed?.listen(wake)
  let id = since
  let isBegun = false
  let sentMs = -Infinity
  let cancel = (): void => {}
  const stopListening = hub.listen(wake)
  return {
    next(): string | undefined {
      const fleet = feed?.newest()
      if (fleet?.view !== undefined && fleet.version !== fleetVersion) {
        fleetVersion = fleet.version
        return eventText('fleet', undefined, JSON.stringify(fleet.view))
      }
      const leftMs = sentMs + minUpdateMs - clock.monotonic()
      if (isBegun && leftMs > 0) {
        cancel()
        cancel = clock.after(leftMs, wake)
        return undefined
      }
      const changes = hub.changesSince(id)
      if (changes !== undefined && changes.id === id && isBegun) return undefined
      sentMs = clock.monotonic()
      const isFirst = !isBegun
      isBegun = true
      if (changes === undefined) {
        // The page asks for the status, which has everything up to now.
        id = hub.id()
        return eventText('reset', id, '{}')
      }
      // The head of the answer goes out with its first bytes.
      if (changes.id === id && isFirst) return ': nothing new\n\n'
      id = changes.id
      return eventText('update', id, JSON.stringify(changes.update))
    },
    close() {
      cancel()
      stopListening()
      stopFeed?.()
    },
  }
}

/** The tasks that have a pool in common with a task. */
function poolMates(tasks: readonly TaskStatus[], task: TaskStatus): string[] {
  const pools = new Set(task.definition?.pools?.map((pool) => pool.name))
  return tasks.flatMap(({ name, definition }) =>
    definition?.pools?.some((pool) => pools.has(pool.name)) === true ? [name] : [],
  )
}

async function taskAnswer({ view, hub }: Scope, clock: Clock, name: string): Promise<TaskAnswer> {
  const { status, tasks } = await hub.picture()
  const task = tasks.find((each) => each.name === name)
  const known = status.report.tasks.find((each) => each.name === name)
  if (task === undefined || known === undefined)
    throw new TorchError('no-task', `no task is called ${JSON.stringify(name)}`, {
      hint: 'it may have been removed from the tasks file',
    })
  const [definition, notRun] = await Promise.all([
    view.definition(name),
    slotsNotStarted(view, name, poolMates(status.report.tasks, known)),
  ])
  const { host } = status.report
  const isStarting = status.report.daemon !== null
  const now = clock.now()
  const ahead = { from: now, to: now + upcomingMs }
  const upcoming = isStarting ? plannedStarts(host.name, known, ahead, maxUpcoming).starts : []
  return {
    task,
    definition: definition?.keys ?? null,
    source:
      definition === undefined
        ? null
        : { file: definition.file, line: definition.line, changed: definition.changed },
    notRun,
    upcoming: upcoming.map(timeText),
  }
}
