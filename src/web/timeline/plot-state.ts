import { computed, signal } from '@preact/signals'
import { spans } from '../model/address.ts'
import { address, now } from '../state.ts'
import { type Scale, scaleAround } from './scale.ts'

/** The width of the timeline, in px, as it is measured. */
export const plotWidth = signal(0)

/** The time that the timeline shows. It changes only when something moves by a px. */
export const plotScale = computed<Scale>((): Scale => {
  const { span, at } = address.value
  return memoScale(scaleAround(at ?? now.value, spans[span], plotWidth.value))
})

let lastScale: Scale = { from: 0, to: 1, width: 0 }

function memoScale(next: Scale): Scale {
  const { from, to, width } = lastScale
  if (next.from !== from || next.to !== to || next.width !== width) lastScale = next
  return lastScale
}

/** The time in the same steps. */
export const plotNow = computed(() => {
  const { from, to, width } = plotScale.value
  const step = Math.max(1000, (to - from) / Math.max(1, width))
  return Math.floor(now.value / step) * step
})

/** What a person points at, or has under the keys: a mark of a row, and where its words belong on the screen. */
export interface Pointed {
  readonly key: string
  readonly lines: readonly string[]
  readonly x: number
  readonly top: number
  readonly bottom: number
}

export const pointed = signal<Pointed | null>(null)
