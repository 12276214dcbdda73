import { tasksDueSoon } from '../../plan/agenda.ts'
import type { Torch } from '../state.ts'

/** After a second began: what is due in it has had its turn by then, as a rule. */
const afterBeatMs = 30

/**
 * Between the seconds, has recorders ready for what is due soon, so that a burst costs less when it
 * comes; and sends those away that waited in vain.
 */
export function readyLater(torch: Torch): void {
  torch.host.clock.after(afterBeatMs, () => void getReady(torch))
}

async function getReady(torch: Torch): Promise<void> {
  if (torch.phase !== 'running' || torch.due.size > 0) return
  const wanted = tasksDueSoon(torch.tick.agenda, torch.tick.done)
  const names = new Set(wanted)
  torch.room.recorders.keepOnly(names)
  for (const name of wanted) {
    const task = torch.here.get(name)
    if (task !== undefined && !torch.room.recorders.prepare(task)) return
    await torch.host.clock.turn()
    // It is not worth it to keep what is due waiting, nor to ask again for what was refused.
    if (torch.phase !== 'running' || torch.due.size > 0) return
  }
}
