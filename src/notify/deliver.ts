import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { PingEvent, Secret, Target } from '../tasks/notify.ts'
import { sendToCommand } from './command-target.ts'
import { bodyFor } from './formats.ts'
import { sendMail } from './mail.ts'
import type { Message } from './message.ts'
import type { Delivery } from './retry-plan.ts'
import { readSecret } from './secrets.ts'
import { sendRequest } from './web-request.ts'

/** One thing to deliver, as the helper process gets it. */
export type Job =
  | { readonly kind: 'message'; readonly target: Target; readonly message: Message }
  | {
      readonly kind: 'ping'
      readonly url: Secret
      readonly form: 'healthchecks' | 'plain'
      readonly event: PingEvent
      /** For `healthchecks`: what happened. */
      readonly words: string
    }

/** The longest that a delivery may take. */
export const deliveryMs = 10_000

export interface DeliverParts {
  readonly host: Pick<Host, 'files' | 'processes' | 'clock'>
  /** Of the daemon. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Delivers it, or says why not. Never throws, and takes no longer than `deliveryMs`. `stop` ends it early. */
export async function deliver(parts: DeliverParts, job: Job, stop: AbortSignal): Promise<Delivery> {
  const over = new AbortController()
  const abort = (): void => over.abort()
  const cancel = parts.host.clock.after(deliveryMs, abort)
  stop.addEventListener('abort', abort)
  try {
    return await attempt(parts, job, over.signal)
  } catch (error) {
    return { kind: 'later', words: messageOf(error) }
  } finally {
    cancel()
    stop.removeEventListener('abort', abort)
  }
}

async function attempt(
  { host, variables }: DeliverParts,
  job: Job,
  signal: AbortSignal,
): Promise<Delivery> {
  const read = (secret: Secret): string => readSecret(host, secret, variables)
  const nowMs = host.clock.now()
  if (job.kind === 'ping') return sendRequest({ ...pingRequest(job, read(job.url)), signal, nowMs })
  const { target, message } = job
  switch (target.kind) {
    case 'command':
      return sendToCommand(target, message, variables, signal)
    case 'mail': {
      const smtp = target.smtp === null ? undefined : read(target.smtp)
      const password = target.password === null ? undefined : read(target.password)
      return sendMail({
        ...{ target, message, smtp, password, signal, variables },
        timeoutMs: deliveryMs,
      })
    }
    case 'webhook': {
      const text = JSON.stringify(bodyFor(target.format, message))
      return sendRequest({
        ...{ url: read(target.url), method: 'POST', signal, nowMs },
        body: { type: 'application/json', text },
        headers: { 'x-torch-id': message.id },
        ...(target.format === 'teams' && { isFailure: isTeamsFailure }),
      })
    }
  }
}

/** An old webhook of Teams answers 200 also if the message did not arrive. */
function isTeamsFailure(body: string): boolean {
  return /delivery failed/i.test(body)
}

/** https://healthchecks.io/docs/http_api/ */
function pingRequest(
  { form, event, words }: Extract<Job, { readonly kind: 'ping' }>,
  url: string,
): Pick<Parameters<typeof sendRequest>[0], 'url' | 'method' | 'body'> {
  if (form === 'plain' || !URL.canParse(url)) return { url, method: 'GET' }
  const asked = new URL(url)
  const suffix = { start: '/start', ok: '', failed: '/fail' }[event]
  asked.pathname = asked.pathname.replace(/\/+$/, '') + suffix
  return {
    url: asked.href,
    method: 'POST',
    body: { type: 'text/plain; charset=utf-8', text: words },
  }
}
