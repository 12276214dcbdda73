import fs from 'node:fs'
import os from 'node:os'

/** The facts that figures depend on. */
export function machine() {
  const release = fs.readFileSync('/etc/os-release', 'utf8')
  return {
    cpu: `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}`,
    system: /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? os.release(),
    node: `Node ${process.version}`,
    date: new Date().toISOString().slice(0, 10),
    load: `load ${os.loadavg()[0]?.toFixed(2)} at the start`,
  }
}

/** The value that this share of the values does not exceed (nearest rank). */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)] ?? NaN
}

/** Part of a table row: how the values are spread. */
export function spread(values) {
  return {
    count: values.length,
    p50: round(percentile(values, 0.5)),
    p90: round(percentile(values, 0.9)),
    p99: round(percentile(values, 0.99)),
    max: round(Math.max(...values)),
  }
}

export function round(value, digits = 2) {
  return Number(value.toFixed(digits))
}

/** The slope of the straight line that best fits the points [x, y]. */
export function slope(points) {
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const below = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
  return below === 0 ? 0 : above / below
}

/** Prints a table of { title, rows }. All rows have the same keys. */
export function printTable({ title, rows }) {
  const columns = Object.keys(rows[0] ?? {})
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '-')))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index].length)))
  console.log(`\n${title}`)
  for (const row of cells) {
    const padded = row.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[index]),
    )
    console.log(`  ${padded.join('  ')}`)
  }
}
