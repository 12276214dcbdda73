import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { TaskView } from '../../http/api.ts'
import { isOfAll, opened, show, zone } from '../state.ts'
import { dataOf, dataVersion } from './timeline-data.ts'
import { markWords } from './mark-words.ts'
import { type Mark, markAt, marksOf } from './marks.ts'
import { plotNow, plotScale, pointed } from './plot-state.ts'
import { type Scale, ticksOf, xOf } from './scale.ts'
import { outlineOf, plotHeight, shapesOf } from './shapes.ts'

/** How far from a mark the pointer may be, in px. */
const reach = 8
const minTickGap = 56

/** The runs of a task on the time axis. The arrow keys go from mark to mark, Enter opens a run. */
export function Plot({ id, task }: { id: string; task: TaskView }): JSX.Element {
  void dataVersion.value
  const scale = plotScale.value
  const now = plotNow.value
  const row = dataOf(id)?.timeline
  const marks = useMemo(
    () => (row === undefined || scale.width === 0 ? [] : marksOf(row, scale, now)),
    [row, scale, now],
  )
  const [active, setActive] = useState<number | null>(null)
  const mark = active === null ? undefined : marks[active]
  const point = (place: HTMLElement, index: number | null): void => {
    setActive(index)
    const found = index === null ? undefined : marks[index]
    pointed.value = found === undefined ? null : pointedAt(id, place, found, now)
  }
  const open = (index: number | undefined): void =>
    openMark(task, index === undefined ? undefined : marks[index])
  const drawing = <Drawing marks={marks} scale={scale} now={now} mark={mark} />
  if (marks.length === 0)
    return (
      <div class="plot">
        {drawing}
        {row === undefined && <span class="loading">loading</span>}
      </div>
    )
  const at = active ?? lastRun(marks)
  return (
    <div
      class="plot"
      role="slider"
      tabIndex={0}
      aria-label={`Runs of ${task.name}`}
      aria-valuemin={0}
      aria-valuemax={marks.length - 1}
      aria-valuenow={at}
      aria-valuetext={markWords(marks[at] ?? marks[0]!, zone, now, isOfAll.value).join(', ')}
      onPointerMove={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left
        const index = markAt(marks, x, reach) ?? null
        if (index !== active || pointed.peek() === null) point(event.currentTarget, index)
      }}
      onPointerLeave={(event) => point(event.currentTarget, null)}
      onFocus={(event) => {
        if (event.currentTarget.matches(':focus-visible')) point(event.currentTarget, at)
      }}
      onBlur={(event) => point(event.currentTarget, null)}
      onClick={(event) => {
        const x = event.clientX - event.currentTarget.getBoundingClientRect().left
        open(markAt(marks, x, reach))
      }}
      onKeyDown={(event) => {
        const to = keyTarget(event.key, at, marks.length)
        if (to !== undefined) {
          event.preventDefault()
          point(event.currentTarget, to)
        } else if (event.key === 'Enter') open(at)
        else if (event.key === 'Escape' && active !== null) {
          event.stopPropagation()
          point(event.currentTarget, null)
        }
      }}
    >
      {drawing}
    </div>
  )
}

interface DrawingProps {
  readonly marks: readonly Mark[]
  readonly scale: Scale
  readonly now: number
  readonly mark: Mark | undefined
}

function Drawing({ marks, scale, now, mark }: DrawingProps): JSX.Element {
  const shapes = useMemo(() => Object.entries(shapesOf(marks)), [marks])
  const nowX = xOf(scale, now)
  const outline = mark === undefined ? undefined : outlineOf(mark)
  return (
    <svg width={scale.width} height={plotHeight} aria-hidden="true">
      {nowX < scale.width && (
        <rect
          class="future"
          x={Math.max(0, nowX)}
          width={scale.width - Math.max(0, nowX)}
          height={plotHeight}
        />
      )}
      <path class="grid" d={gridOf(scale)} />
      <path class="base" d={`M0 25.5H${scale.width}`} />
      {shapes.map(([kind, path]) => (
        <path key={kind} class={`mark mark-${kind}`} d={path} />
      ))}
      {nowX >= 0 && nowX <= scale.width && <path class="now" d={`M${nowX} 0V${plotHeight}`} />}
      {outline !== undefined && (
        <rect
          class="pointed"
          x={outline.x}
          width={outline.width}
          y={1}
          height={plotHeight - 3}
          rx={3}
        />
      )}
    </svg>
  )
}

let grid: { scale: Scale; path: string } | undefined

/** The same for every row, so it is made once. */
function gridOf(scale: Scale): string {
  if (grid?.scale !== scale) {
    const path = ticksOf(scale, zone, minTickGap).map(({ x }) => `M${x} 0V${plotHeight}`)
    grid = { scale, path: path.join('') }
  }
  return grid.path
}

/** The axis above the rows. */
export function Axis(): JSX.Element {
  const scale = plotScale.value
  const nowX = xOf(scale, plotNow.value)
  const isNowIn = nowX >= 0 && nowX <= scale.width
  const ticks = ticksOf(scale, zone, minTickGap).filter(({ x }) => x > 24 && x < scale.width - 16)
  return (
    <svg class="axis" width={scale.width} height={20} aria-hidden="true">
      {ticks
        .filter(({ x }) => !isNowIn || Math.abs(x - nowX) > 32)
        .map(({ x, label, isDay }) => (
          <text key={x} x={x} y={14} class={isDay ? 'tick tick-day' : 'tick'}>
            {label}
          </text>
        ))}
      {isNowIn && (
        <>
          <rect class="now-tag" x={nowX - 17} y={2} width={34} height={16} rx={3} />
          <text class="now-text" x={nowX} y={14}>
            now
          </text>
        </>
      )}
    </svg>
  )
}

function pointedAt(key: string, place: HTMLElement, mark: Mark, now: number): typeof pointed.value {
  const box = place.getBoundingClientRect()
  const x = box.left + Math.max(0, Math.min(mark.x + mark.width / 2, box.width))
  return {
    key,
    lines: markWords(mark, zone, now, isOfAll.peek()),
    x,
    top: box.top,
    bottom: box.bottom,
  }
}

/** The newest run: planned starts come after it. */
function lastRun(marks: readonly Mark[]): number {
  const found = marks.findLastIndex(({ kind }) => kind !== 'planned')
  return found === -1 ? 0 : found
}

function keyTarget(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, at - 1)
    case 'ArrowRight':
      return Math.min(count - 1, at + 1)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return undefined
  }
}

function openMark(task: TaskView, mark: Mark | undefined): void {
  pointed.value = null
  if (mark === undefined) return
  if ('run' in mark) show({ ...opened(task, mark.run.run), tab: 'output' }, true)
  else if (mark.kind === 'dense') show({ ...opened(task), tab: 'history' }, true)
  else show({ ...opened(task), tab: 'starts' }, true)
}
