import { offsetAt } from '../../../schedule/timezone.ts'

/** Minutes of one cell: three hours are a whole number of cells, so that the hours of the axis fit. */
const cellMinutes = [1, 2, 3, 4, 5, 6, 9, 10, 12, 15, 18, 20, 30, 36, 45, 60, 90, 180]
const minutesPerDay = 1440

/** How many cells of a day fill a width best; 0: there is no room for any. */
export function cellsWithin(width: number): number {
  const minutes = cellMinutes.find((each) => minutesPerDay / each <= width)
  return minutes === undefined ? 0 : minutesPerDay / minutes
}

/** The starts of a task in each cell: `.` for none, digits, `+` for more. */
export function timeline(counts: readonly number[]): string {
  return counts.map((count) => (count === 0 ? '.' : count > 9 ? '+' : String(count))).join('')
}

const bars = '▁▂▃▄▅▆▇█'
const digits = '123456789'

/** The same of many tasks, as parts of the most that there are in a cell. */
export function profile(counts: readonly number[], isUnicode: boolean): string {
  const marks = isUnicode ? bars : digits
  const most = Math.max(...counts)
  return counts
    .map((count) => (count === 0 ? '.' : marks[Math.ceil((count / most) * marks.length) - 1]))
    .join('')
}

const labelSteps = [1, 2, 3, 6, 12]
/** A label and a blank. */
const labelWidth = 3

/**
 * The hours of the day above the cells, in that zone. A label stands above the cell in which its
 * hour begins, or which ends with it.
 */
export function axis(from: number, cells: number, zone: string): string {
  const cellSeconds = 86_400 / cells
  const step = labelSteps.find((hours) => (hours * 3600) / cellSeconds >= labelWidth) ?? 12
  const stepsAt = (second: number) => Math.floor((second + offsetAt(zone, second)) / (step * 3600))
  let text = ''
  for (let cell = 0; cell < cells; cell++) {
    const start = from + cell * cellSeconds
    const steps = stepsAt(start + cellSeconds)
    const fits = text === '' || text.length < cell
    if (steps > stepsAt(start) && fits && cell + 2 <= cells)
      text = text.padEnd(cell) + String((steps * step) % 24).padStart(2, '0')
  }
  return text
}
