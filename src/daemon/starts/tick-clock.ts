import type { Host } from '../../host/host.ts'
import { advance, type AgendaEntry, agendaOf } from '../../plan/agenda.ts'
import { maxStallSeconds, type TickPlan, type TickState } from '../../plan/tick.ts'
import type { Faults } from '../../run/faults.ts'
import { writeSlots } from '../recovery/saved-state.ts'
import type { HomePaths } from '../settings.ts'

/** How far the daemon has come in time, and what is due next. */
export interface TickClock {
  /** The last second that was done, the highest ever done, and the agenda. */
  readonly tick: TickState
  /** Continues from that second with these entries. */
  setAgenda(from: { readonly done: number; readonly high: number }, entries: AgendaEntry[]): void
  /** The second of this plan is done, which is on disk when this returns. */
  finish(plan: TickPlan): void
  /** Puts the last second done on disk. */
  save(): void
  /** Whether the clock can be trusted when it says that something is old enough to be removed. */
  mayTrustAges(): boolean
}

/** After a jump ahead nothing is removed by its age for this long: the clock may be set back again. */
const distrustMs = 3_600_000

/** A clock that begins now, with nothing due. */
export function newTickClock({
  host: { clock, files },
  paths,
  faults,
}: {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
}): TickClock {
  const now = Math.floor(clock.now() / 1000)
  let tick: TickState = { done: now, high: now, agenda: agendaOf([]) }
  let jumpedMs = -Infinity
  const save = (): void => void faults.attempt('write slots', () => writeSlots(files, paths, tick))
  return {
    get tick() {
      return tick
    },
    setAgenda({ done, high }, entries) {
      tick = { done, high, agenda: agendaOf(entries) }
    },
    finish(plan) {
      if (plan.step.kind === 'jump') jumpedMs = clock.monotonic()
      const agenda = plan.agenda ?? tick.agenda
      advance(agenda, plan.done, plan.next)
      tick = { done: plan.done, high: plan.high, agenda }
      const isQuiet = plan.starts.length + plan.misses.length === 0 && plan.agenda === undefined
      if (!isQuiet) save()
    },
    save,
    mayTrustAges() {
      // The next tick will find the jump.
      const hasJumped = clock.now() / 1000 - tick.done > maxStallSeconds
      return !hasJumped && clock.monotonic() - jumpedMs > distrustMs
    },
  }
}
