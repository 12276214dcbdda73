import type { Start } from '../../plan/admit.ts'
import type { HeldHere } from '../../fleet/holdings.ts'
import type { StartParts } from '../starts/start-parts.ts'

type Parts = Pick<
  StartParts,
  'fleet' | 'runs' | 'queue' | 'tasks' | 'phase' | 'faults' | 'pauses' | 'closed'
>

/**
 * Gives back every place in which nothing runs, and for which nothing waits or is being made. A place of a task that always runs is
 * kept for its next run, unless the task is gone or paused, this machine may not start it, or the daemon stops.
 */
export function giveBackUnused(parts: Parts): void {
  const { fleet, phase } = parts
  // The next daemon continues with what it finds.
  if (fleet === undefined || phase.now === 'leaving' || phase.now === 'gone') return
  const used = usedPlaces(parts)
  const now = fleet.placeParts.uptimeMs()
  for (const held of fleet.holdings.all())
    if (
      !used.has(held.id) &&
      held.awaitedUntilMs < now &&
      !isWanted(parts, held) &&
      !isWaitedIn(parts, held)
    )
      void fleet.holdings.free(held.id)
}

function usedPlaces({ runs, queue }: Parts): Set<string | undefined> {
  return new Set([
    ...runs.all().map(({ description }) => description.claim?.holding),
    ...pendingStarts(queue).map(({ claim }) => claim?.holding),
  ])
}

function pendingStarts({ waiting, due, timed, held }: Parts['queue']): Start[] {
  return [...waiting.values(), ...due, ...timed.keys(), ...held]
}

/** Whether a start waits in the line of its task, or will as soon as this daemon has taken it up. */
function isWaitedIn({ queue }: Parts, { key }: HeldHere): boolean {
  const isSure = ({ task, claim }: Start): boolean =>
    task === key.task && claim?.sequence !== undefined
  return key.index === 'q' && pendingStarts(queue).some(isSure)
}

function isWanted({ phase, tasks, pauses, closed, fleet }: Parts, { key }: HeldHere): boolean {
  const task = tasks.here.get(key.task)
  if (pauses.of(key.task) !== undefined) return false
  if (phase.now !== 'running' || task?.type !== 'daemon' || task.fleet === undefined) return false
  const held = fleet?.holdings.of(task.name).length ?? 0
  const isGivenUp = held + closed.count(task, 'limit') > task.fleet.maxPerHost
  if (isGivenUp || fleet?.whyNot(task.name) !== undefined) return false
  return key.index !== 'q' && key.index < task.max
}
