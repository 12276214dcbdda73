import { planInstances } from '../../plan/daemon-instances.ts'
import { endRun } from '../../run/end.ts'
import { keepPending } from './pending.ts'
import { offer } from './request-start.ts'
import { runsOf, type Torch } from '../state.ts'

/** Brings a daemon task to what the file asks: asked at each change of its runs, its file, its time. */
export function fillPlaces(torch: Torch, name: string): void {
  if (torch.phase !== 'running') return
  const { clock } = torch.host
  const found = torch.here.get(name)
  const task = found?.type === 'daemon' ? found : undefined
  const runs = runsOf(torch, name).filter((run) => run.description.type === 'daemon')
  const plan = planInstances(
    task,
    runs.map((run) => ({
      run: run.description.run,
      definition: run.description.definition,
      ending: run.state.kind === 'ending',
    })),
    torch.vacancies.get(name) ?? [],
    clock.now(),
  )
  torch.vacancies.set(name, plan.restarts)
  if (plan.restarts.length === 0) torch.vacancies.delete(name)
  keepPending(torch)
  for (const run of runs)
    if (plan.end.includes(run.description.run))
      endRun(torch.room, run, task === undefined ? 'removed' : 'reload')
  for (const { delayMs } of plan.start)
    offer(
      torch,
      { task: name, slot: undefined, trigger: 'daemon', attempt: 1, dueMs: undefined },
      { restartDelayMs: delayMs },
    )
  wakeAt(torch, name, plan.wakeMs)
}

function wakeAt(torch: Torch, name: string, wakeMs: number | undefined): void {
  torch.wakes.get(name)?.()
  torch.wakes.delete(name)
  if (wakeMs === undefined) return
  const wait = Math.max(wakeMs - torch.host.clock.now(), 0)
  torch.wakes.set(
    name,
    torch.host.clock.after(wait, () => fillPlaces(torch, name)),
  )
}
