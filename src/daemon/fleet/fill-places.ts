import { lateMs } from '../../plan/fleet/members.ts'
import type { HeldPlace } from '../../plan/fleet/records.ts'
import type { Sighting } from '../../plan/fleet/takeover.ts'
import { takePlace } from '../../fleet/take-place.ts'
import { endRun } from '../../run/end.ts'
import { type FleetTask, isFleetTask } from '../../tasks/task.ts'
import { type DaemonTaskParts, keepInstances } from '../starts/daemon-tasks.ts'
import { giveBackUnused } from './unused-places.ts'
import type { Fleet } from './fleet.ts'
import { newRerun } from './rerun-lost.ts'
import { isGone, keepTaken, placeOf, waitForRank } from './take-any.ts'

interface FillParts extends DaemonTaskParts {
  readonly fleet: Fleet
}

/** What this machine knows of a place that another one has, or may have. */
interface Seen {
  /** undefined: nothing is stored, and the stream is new. */
  readonly held: { readonly by: HeldPlace; readonly sighting: Sighting } | undefined
  /** When to look again although the other machine seems to have it, by the monotonic clock. */
  readonly lookMs: number
}

/** How often the places are gone through, and how often one is looked at although its machine says that it has it. */
const roundMs = 1_000
const backstopMs = 60_000
const answerMs = 5_000
/** How much later than all others a machine tries on which the runs of a task do not live. */
const afterOthersMs = 5_000

/**
 * Takes places for the tasks that always run somewhere in the fleet: those that are free, and those of machines
 * that broke their promise. Returns a function that stops it.
 */
export function startFilling(parts: FillParts): () => void {
  const { clock, fleet, faults } = parts
  const seen = new Map<string, Seen>()
  const rerun = newRerun(parts)
  const busy = new Set<string>()
  let isOpen = true
  /** The tasks do not wait for each other: a machine may hold back. */
  const fillOne = async (task: FleetTask): Promise<void> => {
    if (busy.has(task.name)) return
    busy.add(task.name)
    await faults.attemptAsync('take places of the fleet', () => fill(parts, task, seen))
    busy.delete(task.name)
  }
  const round = (): void => {
    endFenced(parts)
    fleet.outage.look()
    giveBackUnused(parts)
    rerun()
    for (const task of parts.tasks.here.values())
      if (task.type === 'daemon' && isFleetTask(task)) void fillOne(task)
  }
  const again = (): void => {
    if (!isOpen) return
    // FIRST the next timer: if something goes wrong now, it is tried again next time.
    cancel = clock.after(roundMs, again)
    round()
  }
  let cancel = clock.after(0, again)
  const ignore = fleet.onHint((hint) => {
    if (hint.kind !== 'free') return
    for (const key of seen.keys()) if (key.startsWith(`${hint.task}/`)) seen.delete(key)
    round()
  })
  return () => {
    isOpen = false
    cancel()
    ignore()
  }
}

/** The guard does the same, also while no daemon works. */
function endFenced({ fleet, runs, runContext }: FillParts): void {
  for (const run of runs.all()) {
    const held = fleet.holdings.byId(run.description.claim?.holding ?? '')
    if (held !== undefined && !held.isInherited && !fleet.has(held.id))
      endRun(runContext, run, 'fence')
  }
}

async function fill(parts: FillParts, task: FleetTask, seen: Map<string, Seen>): Promise<void> {
  const { phase, fleet, pauses, closed } = parts
  for (let index = 0; index < task.max; index += 1) {
    const held = fleet.holdings.of(task.name)
    const isFull = held.length + closed.count(task, 'limit') >= task.fleet.maxPerHost
    const isPaused = pauses.of(task.name) !== undefined
    if (isFull || isPaused || phase.now !== 'running') return
    if (fleet.whyNot(task.name) !== undefined) return
    const key = `${task.name}/${index}`
    if (held.some((each) => each.key.index === index) || !isWorthALook(parts, key, seen.get(key)))
      continue
    await takeOne(parts, task, index, seen)
  }
}

function isWorthALook({ fleet, clock }: FillParts, key: string, known: Seen | undefined): boolean {
  if (known === undefined || clock.monotonic() >= known.lookMs) return true
  const { held } = known
  if (held === undefined) return false
  const { host } = held.by
  const isLate = host !== fleet.host && fleet.membership.silentMs(host) > lateMs
  return isLate || isGone(fleet, key, held)
}

async function takeOne(
  parts: FillParts,
  task: FleetTask,
  index: number,
  seen: Map<string, Seen>,
): Promise<void> {
  const { fleet, clock, phase } = parts
  const key = `${task.name}/${index}`
  const known = seen.get(key)
  const lastMs = fleet.triesLast(task.name) ? afterOthersMs : 0
  if (known?.held === undefined || lastMs > 0) await waitForRank(parts, task, index, lastMs)
  const result = await takePlace(fleet.placeParts, {
    key: { task: task.name, index },
    place: placeOf(fleet, task, { slot: undefined }, clock.now()),
    sighting: known?.held?.sighting,
    isGivenBack: fleet.holdings.isGivingBack,
    endMs: clock.monotonic() + answerMs,
  })
  if (result.kind === 'taken') {
    const lookMs = clock.monotonic() + backstopMs * (0.5 + Math.random())
    seen.set(key, { held: result, lookMs })
  }
  if (result.kind === 'new')
    seen.set(key, { held: undefined, lookMs: clock.monotonic() + result.againMs })
  if (result.kind !== 'held') return
  seen.delete(key)
  const { id } = keepTaken(fleet, task, result)
  if (phase.now === 'running') keepInstances(parts, task.name)
  else void fleet.holdings.free(id)
}
