import { emptyMiddle } from '../../run/output.ts'
import type { Torch } from '../state.ts'

/** How often the outputs of what runs are looked at. */
const trimMs = 10_000

/** Keeps the outputs of what runs within their max_size. Gives what stops it. */
export function startTrims(torch: Torch): () => void {
  let cancel = (): void => {}
  const beat = (): void => {
    cancel = torch.host.clock.after(trimMs, beat)
    for (const run of [...torch.runs.values()].flat())
      void torch.faults.attemptAsync('look at outputs', () => emptyMiddle(torch.room, run))
  }
  cancel = torch.host.clock.after(trimMs, beat)
  return () => cancel()
}
