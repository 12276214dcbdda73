import path from 'node:path'
import type { Torch } from '../state.ts'

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
  /** The second in which it was loaded: it is due after that, not in it. 0: long ago. */
  readonly since: number
}

/** A damaged file counts as not there: then nothing was missed, and nothing is repeated. */
export function readMemory(torch: Torch): Memory {
  const { paths } = torch
  const match = /^(\d+) (\d+)\n$/.exec(readText(torch, paths.slots))
  const slots = match === null ? undefined : { done: Number(match[1]), high: Number(match[2]) }
  return { slots, known: parseKnown(readText(torch, paths.loaded)) }
}

function readText({ host, faults }: Torch, file: string): string {
  let text = ''
  faults.attempt(`read ${path.basename(file)}`, () => {
    text = host.files.readText(file) ?? ''
  })
  return text
}

function parseKnown(text: string): Map<string, Known> {
  try {
    const rows = JSON.parse(text) as [string, string, number][]
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
  torch.faults.attempt('write slots', () =>
    torch.host.files.overwrite(torch.paths.slots, `${pad(done)} ${pad(high)}\n`),
  )
}

function pad(second: number): string {
  return String(second).padStart(12, '0')
}

/** Which tasks there are, at once: slots of a task that was not there yet are not missed ones. */
export function writeKnown(torch: Torch): void {
  torch.faults.attempt('write loaded.json', () =>
    torch.host.files.replace(torch.paths.loaded, knownText(torch)),
  )
}

/** The same in the background: a slow disk must not delay a tick. */
export async function keepKnown(torch: Torch): Promise<void> {
  const { host, paths } = torch
  await torch.faults.attemptAsync('write loaded.json', async () => {
    const next = `${paths.loaded}.next`
    await host.files.writeAsync(next, knownText(torch))
    // It is the next daemon's by now, which has found what was written when the home was left.
    if (torch.phase !== 'gone') host.files.rename(next, paths.loaded)
  })
}

function knownText({ here, lately }: Torch): string {
  const since = new Map(
    lately.flatMap(({ second, tasks }) => tasks.map((task) => [task.name, second] as const)),
  )
  const rows = [...here.values()].map(({ name, definition }) =>
    JSON.stringify([name, definition, since.get(name) ?? 0]),
  )
  return `[${rows.join(',\n')}]\n`
}

/** True once per boot of the machine, and noted at once: rather never than twice. */
export function claimBoot(torch: Torch): boolean {
  const { files, processes } = torch.host
  let isNew = false
  const wasNoted = torch.faults.attempt('note the boot of the machine', () => {
    isNew = files.readText(torch.paths.boot)?.trim() !== processes.bootId
    if (isNew) files.replace(torch.paths.boot, `${processes.bootId}\n`)
  })
  return isNew && wasNoted
}
