import { roughly } from './times.ts'

/** Cells of a bar between its brackets. */
const barCells = 8
/** A run that is younger, and usually over sooner, in ms, needs no bar. */
const minBarMs = 5_000
/** Nor is it told how long a younger one runs. */
const minToldMs = 2_000

export interface Progress {
  readonly text: string
  /** It takes longer than it usually does. */
  readonly isOver: boolean
}

/**
 * How far a run is, against how long runs of its task usually take (undefined: nobody knows):
 * `[####----] 3m10s of 5m`, `for 3m10s`, and nothing for a young one. Times in milliseconds.
 */
export function progressOf(
  elapsedMs: number,
  usualMs: number | undefined,
  isUnicode: boolean,
): Progress {
  const isLong = Math.max(elapsedMs, usualMs ?? 0) >= minBarMs
  if (usualMs === undefined || !isLong)
    return { text: elapsedMs < minToldMs ? '' : `for ${roughly(elapsedMs)}`, isOver: false }
  const full = Math.min(Math.floor((elapsedMs / Math.max(usualMs, 1)) * barCells), barCells)
  const [done, open] = isUnicode ? ['█', '░'] : ['#', '-']
  const bar = done.repeat(full) + open.repeat(barCells - full)
  const text = `[${bar}] ${roughly(elapsedMs)} of ${roughly(usualMs)}`
  return { text, isOver: elapsedMs > usualMs }
}
