import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { KillReply, PauseReply, ResumeReply, RunReply } from './api.ts'
import type { Scopes } from './fleet/scopes.ts'
import { isPattern } from '../tasks/select.ts'
import { badQuery, hostIn } from './query.ts'
import { type Asked, type Env, refusal } from './reply.ts'

const maxBodyBytes = 4096
/** A longer pause has no end of its own. */
const maxPauseMs = 366 * 24 * 3600 * 1000

interface ActionParts {
  readonly scopes: Scopes
  readonly actions: boolean
  /** Names the client for the log of the daemon. */
  readonly who: (c: Asked) => string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Starts and ends runs, pauses and resumes tasks. */
export function addActions(app: Hono<Env>, { scopes, actions, who, now }: ActionParts): void {
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c: Asked) => refusal(c, 413, 'too-large', `the body is over ${maxBodyBytes} bytes`),
  })
  for (const name of ['run', 'kill', 'pause', 'resume']) app.use(`/api/${name}`, limit)
  app.post('/api/*', (c, next) => {
    if (actions) return next()
    const hint = 'torch web --actions lets people run, kill and pause tasks'
    return Promise.resolve(refusal(c, 403, 'read-only', 'this page only reads', hint))
  })
  app.post('/api/run', async (c) => {
    const { task, force = false } = await fieldsOf(c)
    if (typeof task !== 'string' || typeof force !== 'boolean')
      throw badQuery('expected {"task": NAME, "force": true or false}')
    const { view } = await scopes.of(hostIn(c))
    const { run } = await view.start({ task, force, by: who(c) })
    const answer: RunReply = { run, task }
    return c.json(answer)
  })
  app.post('/api/kill', async (c) => {
    const { target } = await fieldsOf(c)
    if (typeof target !== 'string') throw badQuery('expected {"target": TASK or RUN}')
    const { view } = await scopes.of(hostIn(c))
    const { runs } = await view.kill({ target, signal: null, by: who(c) })
    const answer: KillReply = { runs: runs.map(({ run, task }) => ({ run, task })) }
    return c.json(answer)
  })
  app.post('/api/pause', async (c) => {
    const { task, for: forMs = null, reason = null } = await fieldsOf(c)
    const isFor = forMs === null || (typeof forMs === 'number' && forMs > 0 && forMs <= maxPauseMs)
    if (!isName(task) || !isFor || (reason !== null && typeof reason !== 'string'))
      throw badQuery('expected {"task": NAME, "for": milliseconds, "reason": TEXT}')
    const { view } = await scopes.of(hostIn(c))
    const { pause } = await view.pause({
      ...{ tasks: [task], by: who(c) },
      ...(typeof forMs === 'number' && { until: new Date(now() + forMs).toISOString() }),
      ...(reason !== null && reason !== '' && { reason }),
    })
    const { since, until, by } = pause
    const answer: PauseReply = { task, since, until, reason: pause.reason, by }
    return c.json(answer)
  })
  app.post('/api/resume', async (c) => {
    const { task } = await fieldsOf(c)
    if (!isName(task)) throw badQuery('expected {"task": NAME}')
    const { view } = await scopes.of(hostIn(c))
    const { tasks } = await view.resume({ tasks: [task], by: who(c) })
    const answer: ResumeReply = { task, resumed: tasks.includes(task) }
    return c.json(answer)
  })
}

/** A pattern would pause more than the person sees. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && !isPattern(value)
}

async function fieldsOf(c: Asked): Promise<Partial<Record<string, unknown>>> {
  const text = await c.req.text()
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  } catch {
    // The same answer as for a list.
  }
  throw badQuery('the body must be a JSON object')
}
