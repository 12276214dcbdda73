import { nextOf } from '../schedule/next.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { TaskForecast } from './forecast.ts'

/** Where a day has fewer than two slots, so many of those that follow are looked at. */
const maxLookedAt = 12

/** The shortest time between two slots of a task, in seconds; undefined where it has not two. */
export function shortestInterval({ schedules, slots, next }: TaskForecast): number | undefined {
  let last: number | undefined
  let shortest: number | undefined
  for (const slot of slots.length < 2 ? slotsFrom(schedules, next) : slots) {
    if (last !== undefined && slot - last < (shortest ?? Infinity)) shortest = slot - last
    if (shortest === 1) break
    last = slot
  }
  return shortest
}

function slotsFrom(schedules: readonly Schedule[], first: number | undefined): number[] {
  const slots: number[] = []
  for (let slot = first; slot !== undefined && slots.length < maxLookedAt;) {
    slots.push(slot)
    slot = nextOf(schedules, slot)
  }
  return slots
}
