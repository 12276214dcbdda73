import type { Start } from '../../plan/admit.ts'
import type { StartParts } from '../starts/start-parts.ts'
import type { Fleet } from './fleet.ts'

/** The parts of a daemon of a fleet that a start needs. */
export interface SharedParts extends StartParts {
  readonly fleet: Fleet
}

/** What becomes of a start that the fleet must agree on. */
export type Agreement =
  | { readonly kind: 'start'; readonly start: Start }
  /** Another machine has it. That is no news here. */
  | { readonly kind: 'elsewhere' }
  /** The engine gave no answer in time. */
  | { readonly kind: 'unreachable'; readonly start: Start }
  | { readonly kind: 'skip'; readonly start: Start; readonly reason: string }
  /** Somebody took the start away meanwhile: its task is gone, or the daemon stops. */
  | { readonly kind: 'dropped' }
