import path from 'node:path'
import type { Engine } from '../../fleet/engine.ts'
import type { Host } from '../../host/host.ts'
import type { Miss } from '../../plan/tick.ts'
import type { Faults } from '../../run/faults.ts'

/** What was not started because the engine could not be reached. One row for each task says it when that is over. */
export interface Outage {
  /** A slot was given up. */
  miss(task: string, slot: number): void
  /** Puts what was missed on record, if the engine has answered since. Called each second. */
  look(): void
  /** Keeps it for the next daemon. */
  save(): void
}

interface OutageParts {
  readonly host: Host
  readonly home: string
  readonly faults: Faults
  /** When the engine answered last, by the monotonic clock. */
  readonly answeredMs: () => number
  /** Puts missed slots on record. */
  readonly record: (misses: readonly Miss[]) => void
}

/** Nothing is missed, except what the previous daemon left. */
export function newOutage({ host, home, faults, answeredMs, record }: OutageParts): Outage {
  const { files, clock } = host
  const file = path.join(home, 'fleet-missed.json')
  const missed = new Map(readMissed(host, file).map((miss) => [miss.task, miss]))
  let lastMs = -Infinity
  let isDirty = false

  function save(): void {
    if (!isDirty) return
    isDirty = false
    faults.attempt(`write ${path.basename(file)}`, () => {
      if (missed.size === 0) files.remove(file)
      else files.replace(file, JSON.stringify([...missed.values()]), { sync: false })
    })
  }

  return {
    miss(task, slot) {
      const { first, last, count } = missed.get(task) ?? { first: slot, last: slot, count: 0 }
      missed.set(task, {
        ...{ task, first: Math.min(first, slot), last: Math.max(last, slot) },
        ...{ count: count + 1, reason: 'fleet unreachable' },
      })
      lastMs = clock.monotonic()
      isDirty = true
    },
    look() {
      if (missed.size > 0 && answeredMs() > lastMs) {
        record([...missed.values()])
        missed.clear()
        isDirty = true
      }
      save()
    },
    save,
  }
}

function readMissed({ files }: Host, file: string): readonly Miss[] {
  try {
    return JSON.parse(files.readText(file) ?? '[]') as Miss[]
  } catch {
    // Damaged: the log of the previous daemon has it.
    return []
  }
}

/** The engine, with a call for each answer that says something. */
export function noting(engine: Engine, onAnswer: () => void): Engine {
  function noted<T extends { readonly kind: string }>(answer: T): T {
    // A server that no longer leads answers "none".
    if (answer.kind !== 'silent' && answer.kind !== 'none') onAnswer()
    return answer
  }
  return {
    ...engine,
    putClaim: async (...call) => noted(await engine.putClaim(...call)),
    getClaim: async (...call) => noted(await engine.getClaim(...call)),
    placesAge: async () => noted(await engine.placesAge()),
    putPlace: async (...call) => noted(await engine.putPlace(...call)),
    getPlace: async (...call) => noted(await engine.getPlace(...call)),
  }
}
