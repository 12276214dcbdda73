import { percentile, round, slope } from './figures.js'

/** A slope over a shorter time says nothing. */
const minMinutes = 5
/** The slope through noise alone is more than 3 times its own standard error in 1 of 740 cases. */
export const noises = 3

/**
 * Whether samples [minute, value] grow. The limit of the slope is three times its standard error plus
 * `allowed` an hour, which does not matter and is less than a leak of a few bytes a run would cause.
 * Returns a row of the table, and a breach if there is one.
 */
export function growth(what, points, allowed) {
  if (points.length < 3) return { row: undefined, breach: undefined }
  const perHour = slope(points) * 60
  const noise = slopeNoise(points) * 60
  const limit = noises * noise + allowed
  const values = points.map(([, value]) => value)
  const minutes = points.at(-1)[0] - points[0][0]
  const isJudged = minutes >= minMinutes
  const row = {
    what,
    minutes: round(minutes, 1),
    least: round(Math.min(...values), 1),
    p50: round(percentile(values, 0.5), 1),
    most: round(Math.max(...values), 1),
    'slope/h': round(perHour),
    'its noise': round(noise),
    limit: isJudged ? round(limit) : '-',
  }
  const breach =
    isJudged && perHour > limit
      ? `${what}: grows by ${round(perHour)} an hour, more than ${round(limit)}`
      : undefined
  return { row, breach }
}

/**
 * The standard error of the slope of the best line. Neighbouring samples resemble each other (a heap
 * fills until it is collected), so n samples count as n (1 - r) / (1 + r) independent ones, where r is
 * their correlation with the next sample.
 */
export function slopeNoise(points) {
  const a = slope(points)
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const off = points.map((point) => point[1] - y - a * (point[0] - x))
  const square = off.reduce((sum, each) => sum + each ** 2, 0)
  if (square === 0) return 0
  const next = off.slice(1).reduce((sum, each, index) => sum + each * off[index], 0)
  const r = Math.min(Math.max(next / square, 0), 0.95)
  const width = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return Math.sqrt(square / (points.length - 2) / width) * Math.sqrt((1 + r) / (1 - r))
}
