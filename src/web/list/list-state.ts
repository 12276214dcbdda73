import { computed, effect, signal } from '@preact/signals'
import { groupCounts, listedKeys, settledKeys } from '../model/groups.ts'
import { address, isHeld, model } from '../state.ts'

/** The keys of the tasks in the order of the list. */
export const shownKeys = signal<readonly string[]>([])
/** The list would look different if nobody read it. */
export const isOrderOld = signal(false)
/** A person points at the list, or has a row of it under the keys: rows stay where they are. */
export const isListBusy = signal(false)

export const counts = computed(() => groupCounts(model.value?.tasks.values() ?? []))

const choice = computed(() => {
  const { filter, group, order, host } = address.value
  return JSON.stringify([filter, group, order, host])
})

/** Keeps the order of the list. It changes at once with the filter, and else only while nobody reads it. */
export function followOrder(): void {
  let lastChoice = ''
  effect(() => {
    const tasks = model.value?.tasks
    if (tasks === undefined) return
    const wanted = listedKeys(tasks.values(), address.value)
    const before = shownKeys.peek()
    const mayMove =
      choice.value !== lastChoice || before.length === 0 || !(isListBusy.value || isHeld.value)
    lastChoice = choice.value
    const keys = mayMove ? wanted : settledKeys(before, wanted, (key) => tasks.has(key))
    if (!isSame(keys, before)) shownKeys.value = keys
    isOrderOld.value = !isSame(keys, wanted)
  })
}

/** Sorts the list although somebody reads it. */
export function sortNow(): void {
  const tasks = model.peek()?.tasks
  if (tasks === undefined) return
  shownKeys.value = listedKeys(tasks.values(), address.peek())
  isOrderOld.value = false
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index])
}
