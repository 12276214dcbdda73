import { parseHostEntry } from '../host-entry.ts'
import { type HostMatch, type HostRule, matchesNothing } from '../hosts.ts'
import type { Path } from './key-path.ts'
import type { Source } from './source.ts'

/** The groups of the file by name, each with what is in it. */
export type Groups = ReadonlyMap<string, readonly HostMatch[]>

/** Reads the entries of a group; what is wrong is told and left out. A bare word is a host name. */
export function resolveGroup(
  source: Source,
  path: Path,
  entries: readonly string[],
  isOtherGroup: (word: string) => boolean,
): readonly HostMatch[] {
  return entries.flatMap((written, at): HostMatch[] => {
    const place = [...path, at]
    if (written.trim().startsWith('!')) {
      const hint = 'put it into the hosts of the tasks that it is meant for'
      source.tell(place, 'a group only names machines; ! is not allowed in it', { hint })
      return []
    }
    const entry = parseHostEntry(written)
    if (entry.kind === 'match') return [entry.match]
    if (entry.kind === 'wrong') {
      source.tell(place, entry.message, { hint: entry.hint })
      return []
    }
    if (isOtherGroup(entry.word)) {
      const message = `${JSON.stringify(entry.word)} is a host name here; a group cannot hold another`
      source.tell(place, message, { severity: 'warning' })
    }
    return [{ kind: 'name', name: entry.word.toLowerCase() }]
  })
}

/** Reads the `hosts` of a task or of the defaults; what is wrong is told and left out. */
export function resolveHosts(
  source: Source,
  path: Path,
  entries: readonly string[],
  groups: Groups,
): HostRule {
  const some: HostMatch[] = []
  const none: HostMatch[] = []
  let wrong = false
  for (const [at, written] of entries.entries()) {
    const [, negated, text = ''] = /^\s*(!?)(.*)$/s.exec(written) ?? []
    const matches = matchesOf(source, [...path, at], text, groups)
    if (matches === undefined) wrong = true
    else (negated === '!' ? none : some).push(...matches)
  }
  const rule = { some, none }
  if (!wrong && matchesNothing(rule)) {
    const message = 'no machine can match: all that it names is negated'
    source.tell(path, message, { severity: 'warning' })
  }
  return rule
}

function matchesOf(
  source: Source,
  path: Path,
  text: string,
  groups: Groups,
): readonly HostMatch[] | undefined {
  const entry = parseHostEntry(text)
  if (entry.kind === 'match') return [entry.match]
  if (entry.kind === 'wrong') {
    source.tell(path, entry.message, { hint: entry.hint })
    return undefined
  }
  const group = groups.get(entry.word)
  if (group !== undefined) return group
  const hint =
    source.guess(entry.word, [...groups.keys()]) ??
    'a host name needs a dot here, or a group that holds it'
  source.tell(path, `unknown host group ${JSON.stringify(entry.word)}`, { hint })
  return undefined
}
