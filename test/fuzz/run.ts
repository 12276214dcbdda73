import fc from 'fast-check'
import type { Target } from './target.ts'

export interface Order {
  readonly cases: number
  readonly seed: number
  /** The path of one failing case of this seed: only that case is tried. */
  readonly path?: string | undefined
  /** No batch begins after this time, on the clock of performance.now(). */
  readonly untilMs?: number | undefined
  /** Called before each batch with the seed that replays it. */
  readonly onBatch?: (seed: number) => void
}

export interface Report {
  readonly target: string
  readonly cases: number
  readonly seconds: number
  readonly seed: number
  /** undefined if every case passed. */
  readonly failure: Failure | undefined
}

export interface Failure {
  /** A command that tries the shrunk case again. */
  readonly replay: string
  readonly counterexample: string
  readonly error: string
}

/** Cases that share a seed, so that replaying one failure in a million takes a moment. */
const batchCases = 500
/** How much to show of a shrunk case that is still large. */
const maxShownChars = 4_000

/** Tries cases of a target until one fails, and cleans up. */
export async function fuzz(target: Target, order: Order): Promise<Report> {
  const began = performance.now()
  const { property, close } = await target.start()
  let cases = 0
  let failure: Failure | undefined
  try {
    for (let seed = order.seed; cases < order.cases && failure === undefined; seed++) {
      if (performance.now() > (order.untilMs ?? Infinity)) break
      order.onBatch?.(seed)
      const numRuns = Math.min(batchCases, order.cases - cases)
      const path = order.path === undefined ? {} : { path: order.path }
      const details = await fc.check(property, { seed, numRuns, ...path })
      cases += Math.max(details.numRuns, 1)
      failure = details.failed ? failureOf(target, details) : undefined
      if (order.path !== undefined) break
    }
  } finally {
    await close()
  }
  const seconds = (performance.now() - began) / 1000
  return { target: target.name, cases, seconds, seed: order.seed, failure }
}

/** A random seed. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 30)
}

/** The number of cases that one target gets out of `total`. */
export function casesOf(target: Target, all: readonly Target[], total: number): number {
  const sum = all.reduce((shares, { share }) => shares + share, 0)
  return Math.max(1, Math.round((total * target.share) / sum))
}

/** A failure in words. */
export function failureText({ replay, counterexample, error }: Failure): string {
  return `${error}\nwith ${counterexample}\nreplay: ${replay}`
}

function failureOf({ name }: Target, details: fc.RunDetails<unknown>): Failure {
  const { seed, counterexamplePath, counterexample, errorInstance } = details
  return {
    replay: `npm run fuzz -- --target ${name} --seed ${seed} --path "${counterexamplePath ?? ''}"`,
    counterexample: shortened(fc.stringify(counterexample)),
    error: shortened(ownStack(errorInstance)),
  }
}

/** The message, and the stack frames that are in this project. */
function ownStack(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^ {4}at .*\/(src|test)\//.test(line))
  return [`${error.name}: ${error.message}`, ...frames].join('\n')
}

function shortened(text: string): string {
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`
}
