import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { KillReply, RunReply } from './api.ts'
import type { Scopes } from './fleet/scopes.ts'
import { badQuery, hostIn } from './query.ts'
import { type Asked, type Env, refusal } from './reply.ts'

const maxBodyBytes = 4096

/** Starts and ends runs. `who` names the client for the log of the daemon. */
export function addActions(
  app: Hono<Env>,
  { scopes, actions, who }: { scopes: Scopes; actions: boolean; who: (c: Asked) => string },
): void {
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c: Asked) => refusal(c, 413, 'too-large', `the body is over ${maxBodyBytes} bytes`),
  })
  app.use('/api/run', limit)
  app.use('/api/kill', limit)
  app.post('/api/*', (c, next) => {
    if (actions) return next()
    const hint = 'torch web --actions lets people run and kill tasks'
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
