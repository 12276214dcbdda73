import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { spanNames, spans } from '../model/address.ts'
import { taskKey } from '../model/model.ts'
import { rowWindow, scrollToShow } from '../model/windows.ts'
import { address, now, openTask, show } from '../state.ts'
import { Axis } from '../timeline/plot.tsx'
import { plotWidth } from '../timeline/plot-state.ts'
import { keysInView } from '../timeline/timeline-data.ts'
import { isListBusy, isOrderOld, shownKeys, sortNow } from './list-state.ts'
import { TaskRow } from './task-row.tsx'

/** Rows beyond the edges of the window that are in the document. */
const spareRows = 6

const rowHeight = signal(0)
/** The part of the list that the window shows: from its start, in px. */
const view = signal({ top: 0, height: 0 })

/** The tasks with their timeline. Only the rows in view are in the document. */
export function TaskList(): JSX.Element {
  const body = useRef<HTMLDivElement>(null)
  const probe = useRef<HTMLDivElement>(null)
  const keys = shownKeys.value
  useMeasures(body, probe)
  const { first, end } = rowWindow(keys.length, rowHeight.value, view.value, spareRows)
  const inView = keys.slice(first, end)
  useEffect(() => {
    keysInView.value = inView
  }, [inView.join('\t')])
  const open = openTask.value
  const openKey = open === undefined ? undefined : taskKey(open.host, open.name)
  useRevealOnce(openKey)
  return (
    <div class="list" role="table" aria-label="Tasks" aria-rowcount={keys.length + 1}>
      <ListHead />
      <div class="row row-probe" ref={probe} aria-hidden="true" />
      <div
        class="rows"
        role="rowgroup"
        ref={body}
        style={{ height: `${keys.length * rowHeight.value}px` }}
        onPointerEnter={() => (isListBusy.value = true)}
        onPointerLeave={() => (isListBusy.value = hasFocus(body.current))}
        onFocusIn={() => (isListBusy.value = true)}
        onFocusOut={() => (isListBusy.value = body.current?.matches(':hover') ?? false)}
      >
        <div
          class="moved"
          role="presentation"
          style={{ transform: `translateY(${first * rowHeight.value}px)` }}
        >
          {inView.map((key, index) => (
            <TaskRow key={key} id={key} index={first + index} isOpen={key === openKey} />
          ))}
        </div>
      </div>
      {isOrderOld.value && (
        <button type="button" class="pill" onClick={sortNow}>
          The order has changed: sort again
        </button>
      )}
    </div>
  )
}

function hasFocus(place: HTMLElement | null): boolean {
  return place?.contains(document.activeElement) ?? false
}

/** Measures the rows and the window, and follows the scrolling of the page. */
function useMeasures(
  body: { readonly current: HTMLDivElement | null },
  probe: { readonly current: HTMLDivElement | null },
): void {
  useLayoutEffect(() => {
    let frame = 0
    const measure = (): void => {
      frame = 0
      const top = body.current?.getBoundingClientRect().top ?? 0
      const next = { top: Math.max(0, -top), height: innerHeight - Math.max(0, top) }
      const { top: oldTop, height } = view.peek()
      if (next.top !== oldTop || next.height !== height) view.value = next
    }
    const soon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(measure)
    }
    const observer = new ResizeObserver(() => {
      rowHeight.value = probe.current?.offsetHeight ?? 0
      soon()
    })
    if (probe.current !== null) observer.observe(probe.current)
    observer.observe(document.body)
    addEventListener('scroll', soon, { passive: true })
    addEventListener('resize', soon)
    measure()
    return () => {
      observer.disconnect()
      removeEventListener('scroll', soon)
      removeEventListener('resize', soon)
      cancelAnimationFrame(frame)
    }
  }, [])
}

/** Whoever opens the link of a task sees its row, also far down the list. */
function useRevealOnce(key: string | undefined): void {
  const isDone = useRef(false)
  const isReady = rowHeight.value > 0 && shownKeys.value.length > 0
  useEffect(() => {
    if (isDone.current || !isReady) return
    isDone.current = true
    if (key !== undefined) revealRow(key, innerHeight / 3)
  }, [isReady])
}

/** Brings the row of a task into view, that far from its edges. Returns whether it is in the list. */
function revealRow(key: string, edge = 0): boolean {
  const index = shownKeys.peek().indexOf(key)
  const body = document.querySelector('.rows')
  if (index === -1 || body === null) return false
  const listTop = body.getBoundingClientRect().top + scrollY
  const covered = document.querySelector('.list-head')?.getBoundingClientRect().bottom ?? 0
  const height = rowHeight.peek()
  const row = { top: listTop + index * height - edge, height: height + 2 * edge }
  const top = scrollToShow(row, { top: scrollY, height: innerHeight }, Math.max(0, covered))
  if (top !== undefined) scrollTo({ top, behavior: 'instant' })
  return true
}

/** Puts the focus on the row of a task, and brings it into view. */
export function focusRow(key: string): void {
  if (!revealRow(key)) return
  // The row may come into the document only after the window has moved.
  let tries = 5
  const focus = (): void => {
    const link = [...document.querySelectorAll<HTMLElement>('.rows .name')].find(
      (each) => each.dataset['key'] === key,
    )
    if (link !== undefined) link.focus({ preventScroll: true })
    else if (tries-- > 0) requestAnimationFrame(focus)
  }
  focus()
}

function ListHead(): JSX.Element {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      plotWidth.value = Math.floor(entry?.contentRect.width ?? 0)
    })
    if (place.current !== null) observer.observe(place.current)
    return () => observer.disconnect()
  }, [])
  const { order } = address.value
  return (
    <div class="list-head row" role="row" aria-rowindex={1}>
      <div class="cell" role="columnheader" aria-sort={order === 'name' ? 'ascending' : 'none'}>
        <button
          type="button"
          class="sort"
          aria-pressed={order === 'name'}
          onClick={() => show({ order: 'name' })}
        >
          Task
        </button>
      </div>
      <div class="cell" role="columnheader" aria-sort={order === 'urgency' ? 'descending' : 'none'}>
        <button
          type="button"
          class="sort"
          aria-pressed={order === 'urgency'}
          onClick={() => show({ order: 'urgency' })}
        >
          State, by urgency
        </button>
      </div>
      <div class="cell cell-plot" role="columnheader" aria-label="Timeline">
        <TimeControls />
        <div class="axis-place" ref={place}>
          <Axis />
        </div>
      </div>
      <div class="cell cell-recent" role="columnheader">
        Last 30 runs
      </div>
    </div>
  )
}

function TimeControls(): JSX.Element {
  const { span, at } = address.value
  const move = (by: number): void => {
    show({ at: Math.round((at ?? now.peek()) + by * spans[span]) })
  }
  return (
    <div class="times" role="group" aria-label="Time in view">
      <button type="button" aria-label="Earlier" onClick={() => move(-1)}>
        ‹
      </button>
      {spanNames.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === span}
          aria-label={`${name} before and after`}
          onClick={() => show({ span: name })}
        >
          {name}
        </button>
      ))}
      <button type="button" aria-label="Later" onClick={() => move(1)}>
        ›
      </button>
      <button
        type="button"
        class="to-now"
        disabled={at === null}
        onClick={() => show({ at: null })}
      >
        now
      </button>
    </div>
  )
}
