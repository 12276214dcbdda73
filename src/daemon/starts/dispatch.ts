import type { Start } from '../../plan/admit.ts'
import { keepPending } from './pending.ts'
import { offer } from './request-start.ts'
import type { Torch } from '../state.ts'

/** So long is started without a pause; then the loop hears and sees what else there is. */
const maxTurnMs = 20

/**
 * Offers what is due, in the order of its slots: at once as a rule. Of a burst the rest comes turn by
 * turn, ahead of what falls due later but for the first of each second, which is in time whatever the
 * one before it left; meanwhile it is on disk, for a crash must not lose it.
 */
export function offerInTurns(torch: Torch, starts: readonly Start[]): void {
  const isBusy = torch.due.size > 0
  for (const start of starts) torch.due.add(start)
  const [first] = starts
  if (!isBusy) takeTurn(torch)
  else if (first !== undefined) offerDue(torch, first)
  if (torch.due.size > 0) keepPending(torch)
}

function takeTurn(torch: Torch): void {
  const { clock } = torch.host
  const end = clock.monotonic() + maxTurnMs
  try {
    for (const start of torch.due) {
      if (isLeft(torch)) return
      offerDue(torch, start)
      if (clock.monotonic() >= end) return
    }
  } finally {
    if (torch.due.size > 0 && !isLeft(torch)) clock.after(0, () => takeNext(torch))
  }
}

function offerDue(torch: Torch, start: Start): void {
  torch.due.delete(start)
  offer(torch, start)
}

/** Is it the next daemon's? */
function isLeft({ phase }: Torch): boolean {
  return phase === 'leaving' || phase === 'gone'
}

function takeNext(torch: Torch): void {
  takeTurn(torch)
  if (torch.due.size === 0) keepPending(torch)
}
