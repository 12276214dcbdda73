import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RecentRun, TaskView } from '../../http/api.ts'
import { counted } from '../../text/plural.ts'
import { isBad } from '../model/outcomes.ts'
import { opened, show, zone } from '../state.ts'
import { fullTime, outcomeWords, roughly } from '../model/words.ts'
import { pointed } from '../timeline/plot-state.ts'
import { dataOf, dataVersion } from '../timeline/timeline-data.ts'

const maxBars = 30
const barWidth = 3
const step = 4
const height = 20
/** A failure has a dot on it, in this room above the bars. */
const headRoom = 4
const none: readonly RecentRun[] = []

/** The last runs as small bars, the newest on the right. The higher, the longer it took. */
export function RecentBars({ id, task }: { id: string; task: TaskView }): JSX.Element {
  void dataVersion.value
  const data = dataOf(id)
  const runs = data?.recent ?? none
  const paths = useMemo(() => recentPaths(runs), [runs])
  const runAt = (event: Pointing): RecentRun | undefined => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    return runs[Math.floor(x / step) - (maxBars - runs.length)]
  }
  if (data === undefined) return <span class="loading recent">loading</span>
  const bad = runs.filter(([, outcome]) => isFailed(outcome)).length
  return (
    <svg
      class="recent"
      role="img"
      aria-label={`Last ${counted(runs.length, 'run')}: ${bad} failed`}
      width={maxBars * step}
      height={height}
      onPointerMove={(event) => {
        const run = runAt(event)
        const box = event.currentTarget.getBoundingClientRect()
        pointed.value =
          run === undefined
            ? null
            : {
                key: id,
                lines: recentWords(run),
                x: event.clientX,
                top: box.top,
                bottom: box.bottom,
              }
      }}
      onPointerLeave={() => (pointed.value = null)}
      onClick={(event) => {
        const run = runAt(event)
        if (run !== undefined) show({ ...opened(task, run[0]), tab: 'output' }, true)
      }}
    >
      <path class="base" d={`M0 ${height - 0.5}H${maxBars * step - 1}`} />
      {Object.entries(paths).map(([kind, path]) => (
        <path key={kind} class={`mark mark-${kind}`} d={path} />
      ))}
    </svg>
  )
}

function recentPaths(runs: readonly RecentRun[]): Record<string, string> {
  const longest = Math.max(1, ...runs.map(([, , , ms]) => ms ?? 0))
  const paths: Record<string, string> = {}
  for (const [index, [, outcome, , ms]] of runs.entries()) {
    const x = (maxBars - runs.length + index) * step
    const high = Math.max(2, Math.round(((ms ?? longest) / longest) * (height - headRoom - 1)))
    const kind = isFailed(outcome) ? 'failed' : outcome === 'killed' ? 'dense' : outcome
    const top = height - 1 - high
    const dot = isFailed(outcome) ? `M${x} 0h3v3h-3z` : ''
    paths[kind] = `${paths[kind] ?? ''}M${x} ${top}h${barWidth}v${high}h-${barWidth}z${dot}`
  }
  return paths
}

function recentWords([, outcome, startedMs, durationMs]: RecentRun): string[] {
  const took = durationMs === null ? '' : `, ${roughly(durationMs)}`
  return [
    `${outcomeWords({ outcome, exitCode: null, signal: null })}${took}`,
    fullTime(zone, startedMs),
  ]
}

/** Many runs are killed on purpose, so these are drawn in their own way. */
function isFailed(outcome: RecentRun[1]): boolean {
  return outcome !== 'killed' && isBad(outcome)
}

interface Pointing {
  readonly clientX: number
  readonly currentTarget: SVGSVGElement
}
