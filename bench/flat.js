import { percentile, round, slope } from './figures.js'

/** On a shorter time a slope says nothing. */
const minMinutes = 5
/** A line through noise alone has a slope of more than so many times its own noise in 1 of 740 cases. */
export const noises = 3

/**
 * Whether what was sampled [minute, value] grows. The limit of its slope is three times what the
 * samples' own noise makes a slope uncertain by, plus `allowed` an hour: what would not matter, and is
 * less than what a leak of a few bytes a run would come to. Gives a row of the table, and what it breaks.
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
 * The standard error of the slope of the line that fits best. What follows one another is alike
 * (a heap fills until it is collected), so there are fewer independent samples than samples: by
 * their correlation with the next, n (1 - r) / (1 + r).
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
