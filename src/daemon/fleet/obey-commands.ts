import { checkRequest } from '../../control/protocol.ts'
import type { PlainAnswers } from '../../control/server.ts'
import { TorchError } from '../../errors.ts'
import { answerText, errorText, type HostCommand } from '../../fleet/ask.ts'
import { type Exchange, type HeardMessage, jsonOf } from '../../fleet/exchange.ts'
import { token } from '../../fleet/nats/subjects.ts'
import type { FleetSettings } from '../../fleet/settings.ts'
import type { Clock } from '../../host/clock.ts'
import { plainLine } from '../../text/sanitize.ts'

interface ObeyParts {
  readonly exchange: Exchange
  readonly clock: Clock
  /** The name of this machine in the fleet. */
  readonly host: string
  /** How far this clock is ahead of the engine's. */
  readonly offsetMs: () => number | null
  readonly accept: FleetSettings['accept']
  readonly answers: Pick<PlainAnswers, 'run' | 'kill' | 'reload'>
}

/** A command that is older does nothing. */
const deadlineMs = 60_000
/** How long the id of a command is remembered, and how many are. */
const rememberedMs = 10 * 60_000
const maxRemembered = 1_000

const verbs = ['run', 'kill', 'reload'] as const

/**
 * Does what others tell this machine, as far as its own settings accept it. They name a task of this machine's own
 * file, and never a command line. Returns a function that ends it.
 */
export function obeyCommands(parts: ObeyParts): () => void {
  const { exchange, clock, host } = parts
  const done = new Map<string, { readonly atMs: number; readonly answer: Promise<string> }>()
  return exchange.listen(`do.${token(host)}`, ({ data, reply }: HeardMessage) => {
    const command = commandOf(jsonOf(data))
    if (reply === undefined || command === undefined) return
    const now = clock.monotonic()
    for (const [id, { atMs }] of done)
      if (now - atMs > rememberedMs || done.size > maxRemembered) done.delete(id)
    const known = done.get(command.id) ?? { atMs: now, answer: answerTo(parts, command) }
    done.set(command.id, known)
    void known.answer.then((text) => exchange.publish(reply, text))
  })
}

async function answerTo(parts: ObeyParts, command: HostCommand): Promise<string> {
  try {
    return answerText(parts.host, await obey(parts, command))
  } catch (error) {
    return errorText(parts.host, error)
  }
}

function obey(
  { host, accept, answers, clock, offsetMs }: ObeyParts,
  { verb, who, atMs, request }: HostCommand,
): unknown {
  if (!accept.includes(verb))
    throw new TorchError('not-allowed', `${host} does not accept ${verb} from others`, {
      hint: `accept in the section fleet of ${host} says what it accepts`,
    })
  const ageMs = clock.now() - (offsetMs() ?? 0) - atMs
  if (Math.abs(ageMs) > deadlineMs)
    throw new TorchError('refused', `the command came to ${host} too late`, {
      hint: 'try again; compare the clocks with torch fleet status if it happens again',
    })
  const by = plainLine(who)
  switch (verb) {
    case 'run':
      return answers.run({ ...checked('run', request), by })
    case 'kill':
      return answers.kill({ ...checked('kill', request), by })
    case 'reload':
      return answers.reload(checked('reload', request))
  }
}

function checked<N extends (typeof verbs)[number]>(verb: N, body: object) {
  const found = checkRequest(verb, body)
  if ('faults' in found) throw new TorchError('bad-request', `${verb}: ${found.faults.join('; ')}`)
  return found.request
}

/** undefined: it is no command. */
function commandOf(value: unknown): HostCommand | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, verb, who, atMs, request } = value as Partial<Record<keyof HostCommand, unknown>>
  const known = verbs.find((each) => each === verb)
  const isComplete =
    known !== undefined &&
    typeof id === 'string' &&
    id.length <= 100 &&
    typeof who === 'string' &&
    who.length <= 200 &&
    typeof atMs === 'number' &&
    typeof request === 'object' &&
    request !== null
  return isComplete ? { id, verb: known, who, atMs, request } : undefined
}
