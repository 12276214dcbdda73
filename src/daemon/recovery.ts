import { maxStallSeconds } from '../plan/tick.ts'
import { runRow } from '../record/rows.ts'
import type { RunDescription } from '../run/directory.ts'
import { recoverRuns } from '../run/recover.ts'
import { recordEnd } from './ended.ts'
import { offer, record } from './runner.ts'
import { runsOf, type Torch } from './torch.ts'

/** Looks at all that an earlier daemon left: adopted, on record, or never started. */
export function recover(torch: Torch): () => void {
  const { adopted, concluded, voided } = recoverRuns(torch.room)
  for (const run of adopted) {
    const { description } = run
    torch.runs.set(description.task, [...runsOf(torch, description.task), run])
    record(torch, runRow(description))
    const facts = { task: description.task, run: description.run, pid: run.recorder?.pid }
    torch.log.info('adopt', facts, `${description.task} still runs, adopted`)
  }
  for (const { description, conclusion } of concluded) recordEnd(torch, description, conclusion)
  return () => restartVoided(torch, voided)
}

/** Prepared in the last moment of the daemon before us: started now, if it is still due. */
function restartVoided(torch: Torch, voided: readonly RunDescription[]): void {
  const oldest = torch.host.clock.now() - maxStallSeconds * 1000
  for (const run of voided) {
    torch.log.warn(
      'void',
      { task: run.task, run: run.run },
      `${run.task} was prepared and never started`,
    )
    const isDue = run.type === 'common' && run.startedMs >= oldest
    if (!isDue || run.trigger === 'manual') continue
    offer(torch, {
      task: run.task,
      slot: run.slot ?? undefined,
      trigger: run.trigger,
      attempt: run.attempt,
      dueMs: run.dueMs ?? undefined,
    })
  }
}
