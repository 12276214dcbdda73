import fc from 'fast-check'
import type { Target } from './target.ts'

export interface Order {
  readonly cases: number
  readonly seed: number
  /** Of one failing case of that seed: only that is tried. */
  readonly path?: string | undefined
  /** No batch begins later than this, on the clock of performance.now(). */
  readonly untilMs?: number | undefined
  /** Hears of each batch, by the seed that it can be replayed with. */
  readonly onBatch?: (seed: number) => void
}

export interface Report {
  readonly target: string
  readonly cases: number
  readonly seconds: number
  readonly seed: number
  /** undefined where all held. */
  readonly failure: Failure | undefined
}

export interface Failure {
  /** One command that tries the shrunk case again. */
  readonly replay: string
  readonly counterexample: string
  readonly error: string
}

/** Cases that share a seed: a failure in one of a million is found again in a moment. */
const batchCases = 500
/** Of a shrunk case that is still large. */
const maxShownChars = 4_000

/** Tries so many cases of a target, until one fails. Removes what it made. */
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

/** One for a run that is to be replayed by it. */
export function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 30)
}

/** How many of all cases are those of one target. */
export function casesOf(target: Target, all: readonly Target[], total: number): number {
  const sum = all.reduce((shares, { share }) => shares + share, 0)
  return Math.max(1, Math.round((total * target.share) / sum))
}

/** What a person reads of a failure. */
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

/** Its words, and which lines of ours they come from. */
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
