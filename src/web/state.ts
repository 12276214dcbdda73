import { batch, computed, signal } from '@preact/signals'
import type { JSX } from 'preact'
import {
  allMachines,
  type FleetView,
  type StatusAnswer,
  type TaskView,
  type Update,
} from '../http/api.ts'
import { homeAddress, type PageAddress, readAddress, writeAddress } from './model/address.ts'
import { joined, maxJoinedRows, type Model, modelOf, withUpdate } from './model/model.ts'

/** How the page stands to its server. */
export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'lost'
      readonly why: string
      readonly since: number
      readonly nextTry: number
    }
  /** The server does not know this browser: trying again does not help. */
  | { readonly kind: 'refused'; readonly why: string }

export const connection = signal<Connection>({ kind: 'connecting' })
export const model = signal<Model | null>(null)
/** The machines of the fleet; null: this machine is in none, or the server has not answered yet. */
export const fleet = signal<FleetView | null>(null)
export const address = signal<PageAddress>(readAddress(location.search))
/** What the page loads only on a machine of a fleet. */
interface FleetParts {
  readonly MachineChoice: () => JSX.Element | null
  readonly Machines: () => JSX.Element | null
}
export const fleetParts = signal<FleetParts | null>(null)
/** Rows of the history as they come, for the timeline. */
export const lastRows = signal<Update['rows']>([])

/** Grows when the page has learned everything again: it may not know what happened before. */
export const statusVersion = signal(0)

/** The time zone of the viewer. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** How far the clock of the server is ahead of this one, in ms. */
let clockAhead = 0
/** The time of the server, in ms since the epoch. It moves each second. */
export const now = signal(Date.now())
/** A person selects text: what is shown stays as it is until that is over. */
export const isHeld = signal(false)
let waiting: Update | undefined

export function tellStatus(status: StatusAnswer): void {
  waiting = undefined
  batch(() => {
    setClock(status.now)
    model.value = modelOf(status)
    if (status.fleet !== undefined) fleet.value = status.fleet
    statusVersion.value += 1
  })
}

export function tellUpdate(update: Update): void {
  if (isHeld.peek()) {
    waiting = waiting === undefined ? update : joined(waiting, update)
    return
  }
  const before = model.peek()
  if (before === null) return
  batch(() => {
    setClock(update.now)
    model.value = withUpdate(before, update)
    if (update.rows.length > 0) lastRows.value = update.rows
  })
}

function setClock(time: string): void {
  clockAhead = Date.parse(time) - Date.now()
  tickNow()
}

function tickNow(): void {
  if (!isHeld.peek()) now.value = Date.now() + clockAhead
}

/** Moves the time, and holds everything still while text is selected. */
export function keepTime(): void {
  setInterval(tickNow, 1000)
  document.addEventListener('selectionchange', () => {
    const selection = getSelection()
    const held = selection !== null && !selection.isCollapsed && selection.type === 'Range'
    if (held === isHeld.peek()) return
    isHeld.value = held
    if (held) return
    const late = waiting
    waiting = undefined
    batch(() => {
      if (late !== undefined) tellUpdate(late)
      // Older rows may be missing.
      if ((late?.rows.length ?? 0) >= maxJoinedRows) statusVersion.value += 1
    })
    tickNow()
  })
}

/** The page shows all machines at once. */
export const isOfAll = computed(() => address.value.host === allMachines)

/** Shows another machine: what is known of the one before says nothing about it. */
export function forgetScope(): void {
  waiting = undefined
  batch(() => {
    model.value = null
    lastRows.value = []
  })
}

/** Changes what the page shows. `isStep`: the back button of the browser returns to what was before. */
export function show(change: Partial<PageAddress>, isStep = false): void {
  const next = { ...address.peek(), ...change }
  const text = writeAddress(next)
  if (isStep) history.pushState(null, '', text)
  else history.replaceState(null, '', text)
  address.value = next
}

/** The address of the page with a change: for links. */
export function linkTo(change: Partial<PageAddress>): string {
  return writeAddress({ ...address.value, ...change })
}

/** Follows a link of {@link linkTo} without loading the page again, unless a new tab or window is wanted. */
export function followLink(event: MouseEvent, change: Partial<PageAddress>): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return
  event.preventDefault()
  show(change, true)
}

/** What opens the panel of a task: its run, or its last one. */
export function opened(task: TaskView, run: string | null = null): Partial<PageAddress> {
  return { day: null, task: task.name, run, only: null }
}

/** The keys j and k go through the list: its panel follows, and the focus stays in the list. */
export const isStepping = signal(false)

/** The task whose panel is open; undefined if none is, or if it does not exist. */
export const openTask = computed((): TaskView | undefined => {
  const { task } = address.value
  if (task === null) return undefined
  return [...(model.value?.tasks.values() ?? [])].find(({ name }) => name === task)
})

export function followHistory(): void {
  addEventListener('popstate', () => {
    address.value = readAddress(location.search)
  })
}

export const isPanelOpen = computed(
  (): boolean => address.value.task !== null || address.value.day !== null,
)

/** What closes a panel: the task, its run and all that belongs to them. */
export const closed: Partial<PageAddress> = {
  day: homeAddress.day,
  task: homeAddress.task,
  run: homeAddress.run,
  tab: homeAddress.tab,
  only: homeAddress.only,
}
