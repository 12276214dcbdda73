import type { Host } from '../../host/host.ts'
import type { PendingRestart } from '../../plan/daemon-instances.ts'
import type { Start } from '../../plan/admit.ts'
import type { HomePaths } from '../settings.ts'
import type { Torch } from '../state.ts'

/** What is still to start and stands in no slot to come: kept on disk for the next daemon. */
export interface Pending {
  /** Wait for a place at max. */
  readonly waiting: readonly Start[]
  /** Retries, the parts of a second of a jitter, and what is due and has not had its turn. */
  readonly timed: readonly { readonly start: Start; readonly atMs: number }[]
  /** Of daemon tasks. */
  readonly vacancies: readonly (readonly [task: string, vacancies: readonly PendingRestart[]])[]
}

const none: Pending = { waiting: [], timed: [], vacancies: [] }

/** What the daemon before left. A damaged file counts as an empty one. */
export function readPending(host: Host, paths: HomePaths): Pending {
  try {
    return { ...none, ...(JSON.parse(host.files.readText(paths.pending) ?? '{}') as Pending) }
  } catch {
    return none
  }
}

/**
 * Many changes in one burst are written once, this much later. A crash in between costs nothing: the
 * run that asked for a retry is not yet on record, and the next daemon finds it as one that ended.
 */
const laterMs = 10

/** Has what is pending on disk soon: called after each change of it. */
export function keepPending(torch: Torch): void {
  if (torch.pendingIsDirty) return
  torch.pendingIsDirty = true
  torch.host.clock.after(laterMs, () => writePending(torch))
}

/** Has what is pending on disk now. */
export function writePending(torch: Torch): void {
  if (!torch.pendingIsDirty || torch.phase === 'gone') return
  torch.pendingIsDirty = false
  const pending: Pending = {
    waiting: [...torch.waiting.values()],
    timed: [
      ...[...torch.due].map((start) => ({ start, atMs: torch.host.clock.now() })),
      ...[...torch.timed].map(([start, { atMs }]) => ({ start, atMs })),
    ],
    vacancies: [...torch.vacancies],
  }
  torch.faults.attempt('write pending.json', () =>
    torch.host.files.replace(torch.paths.pending, JSON.stringify(pending), { sync: false }),
  )
}
