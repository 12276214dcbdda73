import { z } from 'zod'
import { signalNames } from '../host/signals.ts'
import type { Protocol, RequestName } from './protocol.ts'

/** Longer names, and longer waits, are mistakes. */
const maxNameLength = 512
const maxGraceMs = 366 * 24 * 3600 * 1000

const name = z.string().min(1).max(maxNameLength)
const nothing = z.record(z.string(), z.never())

/** What the daemon takes as a request; unknown keys are refused, so that nothing asked for is ignored. */
export const requestSchemas: { [N in RequestName]: z.ZodType<Protocol[N]['request']> } = {
  status: nothing,
  reload: nothing,
  stop: z.strictObject({
    graceMs: z.number().min(0).max(maxGraceMs).nullable(),
    leave: z.boolean(),
  }),
  restart: nothing,
  run: z.strictObject({ task: name, force: z.boolean() }),
  kill: z.strictObject({
    target: name,
    signal: z.enum(signalNames, { error: `expected one of ${signalNames.join(', ')}` }).nullable(),
  }),
  flush: nothing,
}

export function isRequestName(text: string): text is RequestName {
  return Object.hasOwn(requestSchemas, text)
}
