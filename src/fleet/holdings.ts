import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { PlaceKey } from '../plan/fleet/records.ts'
import type { Faults } from '../run/faults.ts'
import type { Engine } from './engine.ts'
import { keepPlace, type HolderCalls, type KeptPlace } from './keep-place.ts'
import type { Holding, PlaceParts } from './take-place.ts'

/** A place that this machine has. */
export interface HeldHere {
  /** The `run` of its record in the engine. */
  readonly id: string
  readonly key: PlaceKey
  /** For TORCH_TOKEN: it grows with each owner. */
  readonly token: number
  /** When what runs in it must have ended, by `uptimeMs`; Infinity: no fence. */
  untilMs: number
  /** The previous daemon had it, and only the guard knows how long it was renewed. */
  isInherited: boolean
  /** Another machine has it, or it was given back. */
  isOver: boolean
  /** The machine that had it before may still run something in it. */
  mayOverlap: boolean
  /** Until then it is kept for a start that is being made, by `uptimeMs`. */
  awaitedUntilMs: number
}

/** How long a place may be kept without a word of the engine, in milliseconds; undefined: for ever. */
interface Fence {
  readonly fenceMs: number | undefined
  /** The machine that had the place before may still run something in it. */
  readonly mayOverlap?: boolean
}

interface HoldingCalls {
  /** `wasOver`: what ran in it had to end before this renewal came. */
  readonly onRenewed: (held: HeldHere, wasOver: boolean) => void
  readonly onLost: (held: HeldHere) => void
  readonly onAsk: (held: HeldHere, ask: Parameters<HolderCalls['onAsk']>[0]) => void
}

/** The places that this machine has. They are on disk, so that the next daemon keeps them. */
export interface Holdings {
  all(): readonly HeldHere[]
  of(task: string): readonly HeldHere[]
  byId(id: string): HeldHere | undefined
  /** Whether a place, by its id, is on its way back: nothing runs in it, and the engine does not know that yet. */
  isGivingBack(id: string): boolean
  /** Keeps a place that was taken just now. */
  add(holding: Holding, fence: Fence): HeldHere
  /** Gives a place back, as soon as the engine can be reached. Settles when others can have it. */
  free(id: string): Promise<void>
  /** Renews nothing more: the next daemon does. It gets the session, if that continues. */
  leave(session: string | undefined): void
  /** The session that the previous daemon left. */
  readonly session: string | undefined
  /** Settles when all that is being given back is free, or after some seconds. */
  settled(): Promise<void>
}

interface HoldingParts extends PlaceParts, HoldingCalls {
  readonly engine: Pick<Engine, 'putPlace' | 'getPlace' | 'placesAge' | 'tell'>
  readonly host: Host
  /** `fleet.json` of the home. */
  readonly file: string
  readonly faults: Faults
}

interface Saved extends Fence {
  readonly holding: Holding
  readonly bootId: string
}

interface Kept {
  readonly here: HeldHere
  readonly kept: KeptPlace
  readonly saved: Saved
}

/** How long a daemon that stops waits for places that it gives back. The promise of the holder ends by itself. */
const settleMs = 5_000

/** The places of the previous daemon, which are renewed at once. */
export function openHoldings(parts: HoldingParts): Holdings {
  const { host, file, faults } = parts
  const held = new Map<string, Kept>()
  /** What is being given back. It stays on disk until it is free, so that the next daemon gives it back. */
  const freeing = new Map<string, Kept & { readonly freed: Promise<void> }>()
  const { bootId } = host.processes
  let isLeft = false

  function save(session?: string): void {
    // Another daemon may have the file by now.
    if (isLeft) return
    faults.attempt(`write ${path.basename(file)}`, () => {
      const saved = [...held.values(), ...freeing.values()].map((each) => each.saved)
      host.files.replace(file, `${JSON.stringify({ holdings: saved, session, bootId })}\n`)
    })
  }

  /** Where the first renewal comes at once, the previous daemon had the place. */
  function keep(saved: Saved, firstRenewalMs?: number): HeldHere {
    const { holding, fenceMs } = saved
    const { key, place } = holding
    const until = (sentMs: number): number => (fenceMs === undefined ? Infinity : sentMs + fenceMs)
    // After a reboot the uptime begins again, and another machine may have the place: only a renewal makes it good.
    const sentMs = saved.bootId === bootId ? holding.sentMs : -Infinity
    const untilMs = sentMs === -Infinity ? sentMs : until(sentMs)
    const here: HeldHere = {
      ...{ id: place.run, key, token: holding.sequence, untilMs, isOver: false },
      mayOverlap: saved.mayOverlap ?? false,
      isInherited: firstRenewalMs !== undefined,
      awaitedUntilMs: -Infinity,
    }
    const kept = keepPlace(
      parts,
      { ...holding, sentMs },
      {
        onRenewed(renewedMs) {
          const wasOver = here.untilMs <= parts.uptimeMs()
          here.isInherited = false
          here.untilMs = Math.max(here.untilMs, until(renewedMs))
          parts.onRenewed(here, wasOver)
        },
        onLost() {
          here.isOver = true
          held.delete(here.id)
          save()
          parts.onLost(here)
        },
        onAsk: (ask) => parts.onAsk(here, ask),
      },
      firstRenewalMs,
    )
    held.set(here.id, { here, kept, saved })
    return here
  }

  // At once: nobody renewed them while no daemon was here.
  const left = readSaved(host, file)
  for (const saved of left.holdings) keep(saved, 0)
  const all = (): HeldHere[] => [...held.values()].map(({ here }) => here)
  return {
    all,
    of: (task) => all().filter(({ key }) => key.task === task),
    byId: (id) => held.get(id)?.here,
    isGivingBack: (id) => freeing.has(id),
    add(holding, { fenceMs, mayOverlap = false }) {
      const here = keep({ holding, fenceMs, mayOverlap, bootId })
      save()
      return here
    },
    async free(id) {
      const found = held.get(id)
      if (found === undefined) return
      found.here.isOver = true
      held.delete(id)
      const freed = found.kept.free()
      freeing.set(id, { ...found, freed })
      await freed
      freeing.delete(id)
      save()
      parts.engine.tell({ kind: 'free', task: found.here.key.task })
    },
    async settled() {
      let cancel = (): void => {}
      const late = new Promise<void>((resolve) => {
        cancel = parts.clock.after(settleMs, resolve)
      })
      await Promise.race([Promise.all([...freeing.values()].map(({ freed }) => freed)), late])
      cancel()
    },
    // After a reboot, or on a copy of the machine, it would be another life.
    session: left.bootId === bootId ? left.session : undefined,
    leave(session) {
      save(session)
      isLeft = true
      for (const { kept } of [...freeing.values(), ...held.values()]) kept.leave()
    },
  }
}

/** The content of the file. Older ones have only the places. */
interface SavedFile {
  readonly holdings: readonly Saved[]
  readonly session?: string
  readonly bootId?: string
}

function readSaved({ files }: Host, file: string): SavedFile {
  try {
    const text = files.readText(file)
    return text === undefined ? { holdings: [] } : (JSON.parse(text) as SavedFile)
  } catch {
    // Damaged: the places stay taken until their time is over.
    return { holdings: [] }
  }
}
