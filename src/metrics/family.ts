import type { Buckets } from '../control/metrics-report.ts'

/** All series of one name, as the library takes them. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly values: readonly Value[]
}

/** One series. */
export interface Value {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number>>
  /** Of the parts of a histogram: `torch_run_duration_seconds_bucket`. */
  readonly metricName?: string
}

/** What may go up and down. */
export function gauge(name: string, help: string, values: readonly Value[]): Family {
  return { name, help, type: 'gauge', values }
}

/** Values by their size; the last bucket has all. */
export function histogram(
  name: string,
  help: string,
  series: readonly (readonly [Value['labels'], Buckets])[],
  bounds: readonly number[],
): Family {
  const values = series.flatMap(([labels, { counts, sum }]) => {
    let count = 0
    const buckets = counts.map((more, index) => {
      count += more
      const le = bounds[index] ?? '+Inf'
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
    })
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  })
  return { name, help, type: 'histogram', values }
}
