import { parseHostEntry } from '../host-entry.ts'
import { type HostMatch, type HostRule, matchesNothing } from '../hosts.ts'
import type { KeyPath } from './key-path.ts'
import type { Source } from './source.ts'

/** The groups of the file by name, with the machines of each one. */
export type Groups = ReadonlyMap<string, readonly HostMatch[]>

/** Reads the entries of a group. Wrong entries are reported and left out. A bare word is a host name. */
export function resolveGroup(
  source: Source,
  path: KeyPath,
  entries: readonly string[],
  isOtherGroup: (word: string) => boolean,
): readonly HostMatch[] {
  return entries.flatMap((written, at): HostMatch[] => {
    const entryPath = [...path, at]
    if (written.trim().startsWith('!')) {
      const hint = 'write it in `hosts` of the tasks that must not run there'
      source.report(entryPath, '! is not allowed in a group: a group only lists machines', { hint })
      return []
    }
    const entry = parseHostEntry(written)
    if (entry.kind === 'match') return [entry.match]
    if (entry.kind === 'wrong') {
      source.report(entryPath, entry.message, { hint: entry.hint })
      return []
    }
    if (isOtherGroup(entry.word)) {
      const message = `${JSON.stringify(entry.word)} is a host name here: a group cannot contain another group`
      source.report(entryPath, message, { severity: 'warning' })
    }
    return [{ kind: 'name', name: entry.word.toLowerCase() }]
  })
}

/** Reads the `hosts` of a task or of the defaults. Wrong entries are reported and left out. */
export function resolveHosts(
  source: Source,
  path: KeyPath,
  entries: readonly string[],
  groups: Groups,
): HostRule {
  const some: HostMatch[] = []
  const none: HostMatch[] = []
  let isWrong = false
  for (const [at, written] of entries.entries()) {
    const [, negated, text = ''] = /^\s*(!?)(.*)$/s.exec(written) ?? []
    const matches = matchesOf(source, [...path, at], text, groups)
    if (matches === undefined) isWrong = true
    else (negated === '!' ? none : some).push(...matches)
  }
  const rule = { some, none }
  if (!isWrong && matchesNothing(rule)) {
    const message = 'no machine can match: every entry is also excluded with !'
    source.report(path, message, { severity: 'warning' })
  }
  return rule
}

function matchesOf(
  source: Source,
  path: KeyPath,
  text: string,
  groups: Groups,
): readonly HostMatch[] | undefined {
  const entry = parseHostEntry(text)
  if (entry.kind === 'match') return [entry.match]
  if (entry.kind === 'wrong') {
    source.report(path, entry.message, { hint: entry.hint })
    return undefined
  }
  const group = groups.get(entry.word)
  if (group !== undefined) return group
  const hint =
    source.guess(entry.word, [...groups.keys()]) ??
    'to name a host, write its full name with a dot, or list it in a group'
  source.report(path, `unknown host group ${JSON.stringify(entry.word)}`, { hint })
  return undefined
}
