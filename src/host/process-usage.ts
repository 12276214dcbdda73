import fs from 'node:fs'

/** What a process uses. A number that this machine does not give is null. */
export interface ProcessUsage {
  /** Milliseconds since the epoch. */
  readonly startedMs: number
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly openDescriptors: number | null
  readonly maxDescriptors: number | null
}

/** What this process uses now. Never throws. */
export function ownUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage()
  return {
    startedMs: Math.round(performance.timeOrigin),
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    openDescriptors: unlessUnknown(() => fs.readdirSync('/proc/self/fd').length),
    maxDescriptors: unlessUnknown(() => {
      const limits = fs.readFileSync('/proc/self/limits', 'utf8')
      return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN)
    }),
  }
}

/** Without a descriptor or without /proc nothing can be counted. */
function unlessUnknown(count: () => number): number | null {
  try {
    const number = count()
    return Number.isNaN(number) ? null : number
  } catch {
    return null
  }
}
