import type { Engine } from '../../fleet/engine.ts'
import type { Membership } from '../../fleet/membership.ts'
import type { Clock } from '../../host/clock.ts'
import { driftGraceMs, driftOf, type TaskVersion } from '../../plan/fleet/drift.ts'
import { type Heartbeat, isLive, type Member } from '../../plan/fleet/members.ts'
import { type Definitions, definitionsOf } from '../../plan/fleet/questions.ts'
import { type FleetTask, isFleetTask, type Task } from '../../tasks/task.ts'

/** Which tasks of this machine differ from those of most machines. */
export interface DriftWatch {
  /** Why this machine does not start a task: it has differed for too long. */
  whyNot(task: string): 'drift' | 'removed' | undefined
  /** All tasks that differ. */
  all(): readonly DriftingTask[]
  close(): void
}

/** A task that most machines have in another version, or no longer have. */
export interface DriftingTask {
  readonly task: string
  readonly kind: 'differs' | 'removed'
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

interface DriftParts {
  readonly engine: Pick<Engine, 'ask'>
  readonly clock: Clock
  readonly membership: Pick<Membership, 'members' | 'candidates'>
  readonly own: () => Heartbeat
  /** The tasks of the file, by name. */
  readonly tasks: () => ReadonlyMap<string, Task>
}

interface Since extends Pick<DriftingTask, 'kind' | 'sinceMs'> {
  /** The same by the monotonic clock. */
  readonly steadyMs: number
  /** The version that this machine has. */
  readonly definition: string
  /** Since when it does not differ from those that are heard; undefined: it does. */
  readonly agreedMs: number | undefined
}

const lookMs = 5_000
/** After an outage the machines are heard one by one. A task that differed before differs since then. */
const settleMs = 15_000

/** Compares the tasks that the fleet shares with those of the machines that are heard. */
export function watchDrift({ engine, clock, membership, own, tasks }: DriftParts): DriftWatch {
  /** What other machines answered last, with the digest of all that they had then. */
  const known = new Map<string, { readonly hash: string; readonly definitions: Definitions }>()
  const asked = new Set<string>()
  const since = new Map<string, Since>()
  let cancel = (): void => {}

  async function learn({ host, file: { hash } }: Heartbeat): Promise<void> {
    if (known.get(host)?.hash === hash || asked.has(host)) return
    asked.add(host)
    const reply = await engine.ask(host, { kind: 'defs' })
    asked.delete(host)
    const definitions = reply.kind === 'answer' ? definitionsOf(reply.value) : undefined
    if (definitions !== undefined) known.set(host, { hash, definitions })
  }

  /** Machines whose tasks are not known do not count. */
  function versionsOf(
    { name, hosts, fleet }: FleetTask,
    live: readonly Member[],
    ownHash: string,
  ): TaskVersion[] {
    const rule = { hosts, prefer: [] }
    const candidates = new Set(membership.candidates(rule).map(({ host }) => host))
    return live.flatMap(({ beat: { host, file } }): TaskVersion[] => {
      const { committedMs } = file
      const base = { host, committedMs: committedMs ?? undefined }
      if (!candidates.has(host)) return []
      if (file.hash === ownHash) return [{ ...base, definition: fleet.definition }]
      // Until it has said more, what it said last counts.
      const answer = known.get(host)
      if (answer === undefined) return []
      return [{ ...base, definition: answer.definitions[name] }]
    })
  }

  function look(): void {
    const now = clock.monotonic()
    const live = membership.members().filter((member) => isLive(member, now))
    const { host, file } = own()
    const differing = live.filter(({ beat }) => beat.file.hash !== file.hash)
    for (const { beat } of differing) void learn(beat)
    const shared = differing.length === 0 ? [] : [...tasks().values()].filter(isFleetTask)
    const names = new Set(shared.map(({ name }) => name))
    const isAlone = live.length < 2
    for (const name of since.keys()) if (!names.has(name)) agree(name, isAlone)
    for (const task of shared) {
      const { name } = task
      const { definition } = task.fleet
      const { kind } = driftOf(host, versionsOf(task, live, file.hash))
      if (kind === 'none') agree(name, isAlone)
      else {
        const before = since.get(name)
        const isSame = before?.agreedMs === undefined || before.definition === definition
        const { steadyMs, sinceMs } = (isSame && before) || { steadyMs: now, sinceMs: clock.now() }
        since.set(name, { kind, steadyMs, sinceMs, definition, agreedMs: undefined })
      }
    }
  }

  /** A machine that hears no other one, as in an outage of the engine, does not know whether it still differs. */
  function agree(name: string, isAlone: boolean): void {
    const now = clock.monotonic()
    const found = since.get(name)
    if (found === undefined) return
    const agreedMs = isAlone ? now : (found.agreedMs ?? now)
    if (now - agreedMs >= settleMs || !tasks().has(name)) since.delete(name)
    else since.set(name, { ...found, agreedMs })
  }

  function lookAgain(): void {
    look()
    cancel = clock.after(lookMs, lookAgain)
  }
  lookAgain()
  return {
    whyNot(task) {
      const found = since.get(task)
      if (found === undefined || found.agreedMs !== undefined) return undefined
      if (clock.monotonic() - found.steadyMs < driftGraceMs) return undefined
      return found.kind === 'removed' ? 'removed' : 'drift'
    },
    all: () =>
      [...since].flatMap(([task, { kind, sinceMs, agreedMs }]) =>
        agreedMs === undefined ? [{ task, kind, sinceMs }] : [],
      ),
    close: () => cancel(),
  }
}
