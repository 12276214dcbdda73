import { wordsOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { definitionHash } from '../run/start.ts'
import type { Task } from '../tasks/task.ts'
import type { HomePaths } from './settings.ts'
import type { Torch } from './torch.ts'

/** What one daemon leaves for the next, besides the records of its runs. */
export interface Memory {
  /** The last second done, and the latest ever; undefined before the first. */
  readonly slots: { readonly done: number; readonly high: number } | undefined
  /** What was loaded, by task. */
  readonly known: ReadonlyMap<string, Known>
}

interface Known {
  /** Of its definition. */
  readonly hash: string
  /** The second in which it was loaded: it is due after that, not in it. */
  readonly since: number
}

/** A damaged file counts as not there: then nothing was missed, and nothing is repeated. */
export function readMemory(host: Host, paths: HomePaths): Memory {
  const match = /^(\d+) (\d+)\n$/.exec(host.files.readText(paths.slots) ?? '')
  const slots = match === null ? undefined : { done: Number(match[1]), high: Number(match[2]) }
  return { slots, known: parseKnown(host.files.readText(paths.loaded)) }
}

function parseKnown(text: string | undefined): Map<string, Known> {
  try {
    const rows = JSON.parse(text ?? '[]') as [string, string, number][]
    return new Map(rows.map(([name, hash, since]) => [name, { hash, since }]))
  } catch {
    return new Map()
  }
}

/**
 * The last second done goes to disk BEFORE its tasks start, so that a crash in that very second
 * repeats none. Of constant length and written in place: no new block is asked of a full disk.
 */
export function writeSlots(torch: Torch): void {
  const { done, high } = torch.tick
  attempt(torch, 'slots', () =>
    torch.host.files.overwrite(torch.paths.slots, `${pad(done)} ${pad(high)}\n`),
  )
}

function pad(second: number): string {
  return String(second).padStart(12, '0')
}

/** Which tasks there are: slots of a task that was not there yet are not missed ones. */
export function writeKnown(torch: Torch): void {
  attempt(torch, 'loaded.json', () => {
    const { files } = torch.host
    const before = parseKnown(files.readText(torch.paths.loaded))
    const rows = [...torch.here.values()].map((task: Task) => {
      const hash = definitionHash(task)
      const same = before.get(task.name)
      return [task.name, hash, same?.hash === hash ? same.since : torch.tick.done]
    })
    files.replace(torch.paths.loaded, JSON.stringify(rows))
  })
}

/** True once per boot of the machine, and noted at once: rather never than twice. */
export function claimBoot(torch: Torch): boolean {
  const { files, processes } = torch.host
  if (files.readText(torch.paths.boot)?.trim() === processes.bootId) return false
  return attempt(torch, 'boot', () => files.replace(torch.paths.boot, `${processes.bootId}\n`))
}

function attempt(torch: Torch, name: string, write: () => void): boolean {
  try {
    write()
    return true
  } catch (error) {
    torch.log.error('trouble', { file: name }, `${name} could not be written: ${wordsOf(error)}`)
    return false
  }
}
