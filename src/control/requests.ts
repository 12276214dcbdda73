import { signalNames } from '../host/processes.ts'
import type { Protocol, RequestName } from './protocol.ts'

/** Longer names, and longer waits, are mistakes. */
const maxNameLength = 512
const maxGraceMs = 366 * 24 * 3600 * 1000

/** Says what a value should have been; undefined where it is that. */
type Check = (value: unknown) => string | undefined
type Request<N extends RequestName> = Protocol[N]['request']

const name: Check = (value) =>
  typeof value === 'string' && value !== '' && value.length <= maxNameLength
    ? undefined
    : `expected a name of 1 to ${maxNameLength} characters`
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'expected a boolean')
const grace: Check = (value) =>
  value === null || (typeof value === 'number' && value >= 0 && value <= maxGraceMs)
    ? undefined
    : `expected null, or 0 to ${maxGraceMs} milliseconds`
const signal: Check = (value) =>
  value === null || signalNames.some((each) => each === value)
    ? undefined
    : `expected one of ${signalNames.join(', ')}`

/**
 * The keys of each request, all of them required. By hand, and not with the library that checks the
 * tasks file: a daemon that waits need not have that in memory.
 */
const shapes: { readonly [N in RequestName]: Readonly<Record<keyof Request<N>, Check>> } = {
  status: {},
  reload: {},
  stop: { graceMs: grace, leave: flag },
  restart: {},
  run: { task: name, force: flag },
  kill: { target: name, signal },
  flush: {},
}

export const requestNames: readonly string[] = Object.keys(shapes)

export function isRequestName(text: string): text is RequestName {
  return Object.hasOwn(shapes, text)
}

/**
 * What the daemon takes as that request, or all that is wrong with it, in words. Unknown keys are
 * refused, so that nothing asked for is ignored.
 */
export function checkRequest<N extends RequestName>(
  request: N,
  value: unknown,
): { readonly request: Request<N> } | { readonly faults: string[] } {
  if (!isRecord(value)) return { faults: ['expected an object'] }
  const checks = new Map<string, Check>(Object.entries(shapes[request]))
  const unknown = Object.keys(value).filter((key) => !checks.has(key))
  const faults = [
    ...[...checks].flatMap(([key, check]) => {
      const fault = check(Object.hasOwn(value, key) ? value[key] : undefined)
      return fault === undefined ? [] : [`${key}: ${fault}`]
    }),
    ...unknown.map((key) => `${key}: is not known`),
  ]
  return faults.length > 0 ? { faults } : { request: value as Request<N> }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
