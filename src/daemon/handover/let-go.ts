import { handOver } from '../../run/live-run.ts'
import type { Torch } from '../state.ts'

/**
 * Leaves the runs alone from now on: nothing is timed for them any more, and their ends are not
 * ours to record. Whoever recovers them next, in this process or another, finds all on disk.
 */
export function letGo(torch: Torch): void {
  torch.phase = 'gone'
  torch.room.recorders.dismissAll()
  for (const cancel of torch.wakes.values()) cancel()
  for (const { cancel } of torch.timed.values()) cancel()
  for (const run of [...[...torch.runs.values()].flat(), ...torch.remains]) handOver(run)
}
