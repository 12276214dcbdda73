import { nextOf } from '../schedule/due.ts'
import type { TaskForecast } from './forecast.ts'

/** So many slots beyond the day of the forecast are looked at: of what is rare, or of the next day. */
const maxBeyond = 12

/** The shortest time between two slots of a task, in seconds; undefined where it has not two. */
export function shortestInterval({ schedules, slots, next }: TaskForecast): number | undefined {
  let shortest: number | undefined
  let last: number | undefined
  const look = (slot: number): void => {
    if (last !== undefined && slot - last < (shortest ?? Infinity)) shortest = slot - last
    last = slot
  }
  for (const slot of slots) {
    look(slot)
    if (shortest === 1) return 1
  }
  let beyond = slots.length === 0 ? next : nextOf(schedules, last ?? 0)
  for (let count = 0; beyond !== undefined && count < maxBeyond; count++) {
    look(beyond)
    beyond = nextOf(schedules, beyond)
  }
  return shortest
}
