import { parseHostEntry } from '../tasks/host-entry.ts'
import type { HostMatch } from '../tasks/hosts.ts'

/** The groups of a file, as written. */
export type GroupEntries = Readonly<Record<string, readonly string[]>>

/** What an entry of a group stands for: there a bare word is a host name. */
export function inGroup(written: string): HostMatch[] {
  const entry = parseHostEntry(written)
  if (entry.kind === 'match') return [entry.match]
  return entry.kind === 'word' ? [{ kind: 'name', name: entry.word.toLowerCase() }] : []
}

/** What an entry of a task's hosts stands for, without the `!`: there a bare word is a group. */
export function inTask(written: string, groups: GroupEntries): HostMatch[] {
  const entry = parseHostEntry(written)
  if (entry.kind === 'match') return [entry.match]
  return entry.kind === 'word' ? (groups[entry.word] ?? []).flatMap(inGroup) : []
}
