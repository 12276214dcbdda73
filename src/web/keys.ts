import { signal } from '@preact/signals'
import { focusRow } from './list/task-list.tsx'
import { shownKeys } from './list/list-state.ts'
import { isHelpOpen } from './now-line.tsx'
import { taskKey } from './model/model.ts'
import { address, closed, isPanelOpen, isStepping, model, opened, openTask, show } from './state.ts'
import { pointed } from './timeline/plot-state.ts'

/** WCAG 2.1.4: keys without a modifier can be turned off. */
const storedName = 'torch-keys'
export const areKeysOn = signal(localStorage.getItem(storedName) !== 'off')

export function turnKeys(isOn: boolean): void {
  areKeysOn.value = isOn
  if (isOn) localStorage.removeItem(storedName)
  else localStorage.setItem(storedName, 'off')
}

/** The row that j and k left last. */
let current: string | undefined

export function followKeys(): void {
  addEventListener('pointerdown', () => (isStepping.value = false))
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isHelpOpen.peek()) return
    isStepping.value = false
    if (event.key === 'Escape') escape()
    else if (areKeysOn.peek() && !isTyping(event.target) && press(event.key)) event.preventDefault()
  })
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea')
}

/** Esc closes one thing: the words of a mark, then the text of the filter, then the panel. */
function escape(): void {
  const focused = document.activeElement
  if (pointed.peek() !== null) pointed.value = null
  else if (focused instanceof HTMLInputElement) {
    if (focused.value !== '') {
      focused.value = ''
      focused.dispatchEvent(new Event('input', { bubbles: true }))
    } else focused.blur()
  } else closePanel()
}

export function closePanel(): void {
  if (!isPanelOpen.peek()) return
  const key = openKey()
  const { day } = address.peek()
  show(closed, true)
  if (key !== undefined) focusRow(key)
  else if (day !== null) document.getElementById(`day-${day}`)?.focus()
}

function openKey(): string | undefined {
  const task = openTask.peek()
  return task === undefined ? undefined : taskKey(task.host, task.name)
}

function press(key: string): boolean {
  switch (key) {
    case '/':
      document.querySelector<HTMLInputElement>('#filter')?.select()
      document.querySelector<HTMLInputElement>('#filter')?.focus()
      return true
    case 'j':
      return step(1)
    case 'k':
      return step(-1)
    case 'l':
      return openLog()
    case '?':
      isHelpOpen.value = true
      return true
    default:
      return false
  }
}

function focusedKey(): string | undefined {
  const focused = document.activeElement
  const row = focused?.closest('.row')?.querySelector<HTMLElement>('.name')
  return row?.dataset['key']
}

/** Goes to the row below or above. With an open panel, it shows that task. */
function step(by: number): boolean {
  const keys = shownKeys.peek()
  const from = focusedKey() ?? openKey() ?? current
  const at = from === undefined ? -1 : keys.indexOf(from)
  const next = keys[at === -1 ? 0 : Math.max(0, Math.min(keys.length - 1, at + by))]
  if (next === undefined) return false
  current = next
  const task = model.peek()?.tasks.get(next)
  isStepping.value = true
  if (address.peek().task !== null && task !== undefined) show(opened(task))
  focusRow(next)
  return true
}

/** The output of the last run of the row, or of the open task. */
function openLog(): boolean {
  const task = model.peek()?.tasks.get(focusedKey() ?? '') ?? openTask.peek()
  if (task === undefined) return false
  const isOpen = task === openTask.peek()
  show({ ...(isOpen ? {} : opened(task)), tab: 'output' }, true)
  return true
}
