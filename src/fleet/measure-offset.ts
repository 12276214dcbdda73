import type { Clock } from '../host/clock.ts'
import type { Engine } from './engine.ts'

interface MeasureParts {
  readonly engine: Pick<Engine, 'putPlace' | 'getPlace'>
  readonly clock: Clock
  /** The name of this machine in the fleet. */
  readonly host: string
  readonly newId: () => string
}

/**
 * How far the clock of this machine is ahead of the engine's, in milliseconds, at most half a round trip wrong;
 * undefined if there is no answer. It stores a message under a name that no task can have, and reads it back.
 */
export async function measureOffset(parts: MeasureParts): Promise<number | undefined> {
  const { engine, clock, host, newId } = parts
  const key = { task: `torch/clock/${host}`, index: 0 }
  const last = await engine.getPlace(key)
  if (last.kind === 'silent') return undefined
  const expected = last.kind === 'found' ? last.sequence : 0
  const sentMs = clock.now()
  const put = await engine.putPlace(key, { v: 1, state: 'free' }, { expected, id: newId() })
  const middleMs = (sentMs + clock.now()) / 2
  if (put.kind !== 'stored') return undefined
  const stored = await engine.getPlace(key)
  if (stored.kind !== 'found' || stored.sequence !== put.sequence) return undefined
  return middleMs - stored.storedMs
}
