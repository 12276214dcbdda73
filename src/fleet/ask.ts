import { type ErrorJson, errorFromJson, errorToJson, TorchError } from '../errors.ts'
import { type Clock, pause } from '../host/clock.ts'
import { type Exchange, jsonOf } from './exchange.ts'
import { token } from './nats/subjects.ts'

/*
 * How machines ask each other, and tell each other to do something. An answer comes from another machine, and maybe
 * from another version of torch: who asks checks the parts that it uses.
 */

/** What a machine answers. */
export type HostAnswer =
  | { readonly host: string; readonly value: unknown }
  | { readonly host: string; readonly error: ErrorJson }

/** The most bytes of one answer. */
export const maxAnswerBytes = 256 * 1024
/** How long all answers may take. If it is not known who must answer, this silence after an answer ends it too. */
const allMs = 2_000
const stallMs = 300
/** For machines that were not heard yet. */
const newcomerMs = 50
/** A command may have to load a large file. */
const doMs = 12_000

/**
 * Asks all machines, and waits until those in `expected` have answered, but at most two seconds. Without `expected` it
 * also ends when nothing more comes. Two daemons with one name give two answers.
 */
export async function askAll(
  exchange: Exchange,
  clock: Pick<Clock, 'after'>,
  question: object,
  expected: readonly string[] | undefined,
): Promise<HostAnswer[]> {
  const answers: HostAnswer[] = []
  const missing = new Set(expected)
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  let cancelStall = (): void => {}
  const inbox = exchange.newInbox()
  const stop = exchange.listen(inbox, ({ data }) => {
    const answer = answerOf(data)
    if (answer === undefined) return
    answers.push(answer)
    missing.delete(answer.host)
    if (missing.size > 0) return
    cancelStall()
    cancelStall = clock.after(expected === undefined ? stallMs : newcomerMs, finish)
  })
  exchange.publish('ask.all', JSON.stringify(question), inbox)
  await Promise.race([finished, pause(clock, allMs)])
  cancelStall()
  stop()
  return answers
}

/** Asks one machine. Throws TorchError `no-host` if it does not answer, or the error that it answers. */
export async function askHost(
  exchange: Exchange,
  host: string,
  question: object,
): Promise<unknown> {
  return exchangeWith(exchange, `ask.${token(host)}`, host, question, allMs)
}

/** What a machine is told to do, and by whom. */
export interface HostCommand {
  /** A machine does the same id only once. */
  readonly id: string
  readonly verb: 'run' | 'kill' | 'reload'
  /** Who tells it, such as `alice@db1`. */
  readonly who: string
  /** When it was sent, in milliseconds since the epoch by the clock of the engine. */
  readonly atMs: number
  /** As the request of the same name on the control socket. */
  readonly request: object
}

/** Tells a machine to do something. Throws its error, `no-host`, or `no-right`. */
export async function tellHost(
  exchange: Exchange,
  host: string,
  command: HostCommand,
): Promise<unknown> {
  return exchangeWith(exchange, `do.${token(host)}`, host, command, doMs)
}

async function exchangeWith(
  exchange: Exchange,
  subject: string,
  host: string,
  message: object,
  ms: number,
): Promise<unknown> {
  const answered = await exchange.request(subject, JSON.stringify(message), ms)
  switch (answered.kind) {
    case 'answer': {
      const answer = answerOf(answered.data)
      if (answer === undefined) throw noHost(host, 'its answer cannot be read')
      if (answer.host !== host) throw noHost(host, `${answer.host} has answered in its place`)
      if ('error' in answer) throw errorFromJson(answer.error)
      return answer.value
    }
    case 'nobody':
      throw noHost(host, 'no daemon of this name hears the fleet')
    case 'silent':
      throw noHost(host, answered.words)
    case 'forbidden':
      throw new TorchError('no-right', `the servers do not let this machine command others`, {
        hint: 'use the login of the user operator: torch --config FILE fleet ..., with user: operator in its section fleet',
      })
  }
}

function noHost(host: string, why: string): TorchError {
  return new TorchError('no-host', `${host} does not answer: ${why}`, {
    hint: 'torch fleet status shows which machines are up',
  })
}

/** The text of an answer. One that is too large becomes an error. */
export function answerText(host: string, value: unknown): string {
  const text = JSON.stringify({ v: 1, host, value })
  return Buffer.byteLength(text) <= maxAnswerBytes
    ? text
    : errorText(host, new TorchError('too-large', `the answer of ${host} is too large`))
}

/** The text of an error as an answer. */
export function errorText(host: string, error: unknown): string {
  const known =
    error instanceof TorchError ? error : new TorchError('internal', `${host} could not answer`)
  return JSON.stringify({ v: 1, host, error: errorToJson(known) })
}

function answerOf(data: Uint8Array): HostAnswer | undefined {
  const value = jsonOf(data)
  if (typeof value !== 'object' || value === null) return undefined
  const { host, error } = value as { readonly host?: unknown; readonly error?: unknown }
  if (typeof host !== 'string') return undefined
  if (error !== undefined) return isError(error) ? { host, error } : undefined
  return { host, value: (value as { readonly value?: unknown }).value }
}

function isError(error: unknown): error is ErrorJson {
  if (typeof error !== 'object' || error === null) return false
  const { code, message, exit, details } = error as Partial<Record<string, unknown>>
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    typeof exit === 'number' &&
    Array.isArray(details)
  )
}
