import type { Heartbeat } from './members.ts'

/** What machines tell each other. It may be lost or late, so nothing is decided by it alone. */
export type Hint =
  | { readonly kind: 'heartbeat'; readonly beat: Heartbeat }
  /** A machine got a slot: others need not try. */
  | { readonly kind: 'won'; readonly task: string; readonly slot: number; readonly host: string }
  /** A place became free. */
  | { readonly kind: 'free'; readonly task: string }
