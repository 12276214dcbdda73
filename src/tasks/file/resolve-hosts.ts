import { insteadHint, isLoopback, nameMatch, parseHostEntry } from '../host-entry.ts'
import {
  anyMachine,
  hostFacts,
  type HostMatch,
  type HostRule,
  matchesNothing,
  matchHosts,
} from '../hosts.ts'
import type { KeyPath } from './key-path.ts'
import type { Source } from './source.ts'

/** A group of the file, by its name. */
export interface Group {
  readonly matches: readonly HostMatch[]
  /** Some of its entries could not be read. */
  readonly isWrong: boolean
  /** What is written where the group could not be read: perhaps machines. */
  readonly unread: readonly string[]
}
export type Groups = ReadonlyMap<string, Group>

/** Reads the entries of a group. Wrong entries are reported and left out. A bare word is a host name. */
export function resolveGroup(
  source: Source,
  path: KeyPath,
  entries: readonly string[],
  isOtherGroup: (word: string) => boolean,
): Group {
  let isWrong = false
  const unread: string[] = []
  const report = (at: number, message: string, hint: string | null): [] => {
    source.report([...path, at], message, { hint })
    isWrong = true
    return []
  }
  const matches = entries.flatMap((written, at): readonly HostMatch[] => {
    if (written.trim().startsWith('!')) {
      const hint = 'write it in `hosts` of the tasks that must not run there'
      return report(at, '! is not allowed in a group: a group only lists machines', hint)
    }
    const entry = parseHostEntry(written)
    if (entry.kind === 'wrong') {
      unread.push(...entry.instead)
      return report(at, entry.message, insteadHint(entry.instead))
    }
    const match = entry.kind === 'match' ? entry.match : nameMatch(entry.word)
    if (entry.kind === 'word' && isOtherGroup(entry.word)) {
      const message = `${JSON.stringify(entry.word)} is a host name here: a group cannot contain another group`
      source.report([...path, at], message, { severity: 'warning' })
    }
    warnAboutLoopback(source, [...path, at], written, match)
    return [match]
  })
  return { matches, isWrong, unread }
}

/** A rule for `hosts` that cannot be read: the task runs nowhere, so nothing else of it is checked here. */
export const nowhere: HostRule = { some: [], none: [anyMachine] }

/**
 * Reads the `hosts` of a task or of the defaults. Wrong entries are reported, and the rule is then
 * {@link nowhere}: the other entries alone would mean other machines. `first` is the place of the first
 * entry in its list.
 */
export function resolveHosts(
  source: Source,
  path: KeyPath,
  entries: readonly string[],
  groups: Groups,
  first = 0,
): HostRule {
  const rule: { some: HostMatch[]; none: HostMatch[] } = { some: [], none: [] }
  const unknown: (() => void)[] = []
  let isWrong = false
  for (const [at, written] of entries.entries()) {
    const [, sign = '', text = ''] = /^\s*(!?)(.*)$/s.exec(written) ?? []
    const entryPath = [...path, first + at]
    const entry = parseHostEntry(text)
    if (entry.kind === 'wrong') {
      isWrong = true
      source.report(entryPath, entry.message, { hint: hintInTask(entry.instead, sign, groups) })
      continue
    }
    const found = entry.kind === 'match' ? [entry.match] : matchesOfWord(entry.word, groups)
    if (found === undefined) {
      isWrong = true
      // Later, because the hint depends on the other entries.
      unknown.push(() =>
        reportUnknown(source, entryPath, text.trim(), sign === '!', { rule, groups }),
      )
      continue
    }
    if (entry.kind === 'word' && groups.get(entry.word)?.isWrong === true) isWrong = true
    if (!groups.has(text.trim()))
      for (const match of found) warnAboutLoopback(source, entryPath, text, match)
    rule[sign === '!' ? 'none' : 'some'].push(...found)
  }
  for (const report of unknown) report()
  if (isWrong) return nowhere
  if (matchesNothing(rule)) {
    const message = 'no machine can match: every entry is also excluded with !'
    source.report(path, message, { severity: 'warning' })
  }
  return rule
}

/** Reads `prefer`: one rule for each entry, in their order. */
export function resolveTiers(
  source: Source,
  path: KeyPath,
  entries: readonly string[],
  groups: Groups,
): HostRule[] {
  return entries.map((entry, at) => resolveHosts(source, path, [entry], groups, at))
}

/**
 * The machines of a bare word: a group, or one machine that some group lists. undefined if it is
 * neither.
 */
function matchesOfWord(word: string, groups: Groups): readonly HostMatch[] | undefined {
  const group = groups.get(word)
  if (group !== undefined) return group.matches
  const name = nameMatch(word)
  return isMachine(word, groups) || isLoopback(name) ? [name] : undefined
}

const machinesOfGroups = new WeakMap<Groups, ReadonlySet<string>>()

/** All host names that the groups list. */
function machinesOf(groups: Groups): ReadonlySet<string> {
  const known = machinesOfGroups.get(groups)
  if (known !== undefined) return known
  const machines = new Set(
    [...groups.values()].flatMap(({ matches }) =>
      matches.flatMap((match) => (match.kind === 'name' ? [match.name] : [])),
    ),
  )
  machinesOfGroups.set(groups, machines)
  return machines
}

function isMachine(word: string, groups: Groups): boolean {
  return machinesOf(groups).has(nameMatch(word).name)
}

interface Around {
  /** The other entries of the same list. */
  readonly rule: HostRule
  readonly groups: Groups
}

function reportUnknown(
  source: Source,
  path: KeyPath,
  word: string,
  isNegated: boolean,
  around: Around,
): void {
  const { groups } = around
  // It may be a machine of a group that could not be read. That is reported already.
  const isUnread = [...groups.values()].some(({ unread }) => unread.includes(word))
  if (isUnread) return source.noteError(path)
  const lower = word.toLowerCase()
  const full = [...machinesOf(groups)].find((name) => name.startsWith(`${lower}.`))
  const hint =
    full === undefined
      ? source.guess(word, candidatesFor(word, isNegated, around))
      : `write its full name, ${JSON.stringify((isNegated ? '!' : '') + full)}`
  source.report(path, `unknown host group ${JSON.stringify(word)}`, {
    hint: hint ?? 'to name a host, write its full name with a dot, or list it in a group',
  })
}

/**
 * What a misspelt word may be. Never a group that would take more than one machine: `db2` is not the
 * group db, whose machines may be written as addresses. Never anything that would exclude every machine.
 */
function candidatesFor(word: string, isNegated: boolean, { rule, groups }: Around): string[] {
  const machine = hostFacts(word, [])
  const isGood = (matches: readonly HostMatch[]): boolean =>
    !isNegated || !matchesNothing({ some: rule.some, none: [...rule.none, ...matches] })
  const names = [...groups].flatMap(([name, { matches }]) => {
    const isNumbered = word.startsWith(name) && /^[-_]?\d/.test(word.slice(name.length))
    const isMember = matchHosts({ some: matches, none: [] }, machine) && matches.length > 0
    return isNumbered || isMember || !isGood(matches) ? [] : [name]
  })
  const machines = [...machinesOf(groups)].filter(
    (name) => !name.includes('.') && isGood([nameMatch(name)]),
  )
  // queue3 is another machine than queue1, not a misspelt one.
  const isOther = (name: string): boolean =>
    withoutDigits(name) === withoutDigits(word) && /\d/.test(name) && /\d/.test(word)
  return [...machines, ...names].filter((name) => !isOther(name))
}

function withoutDigits(word: string): string {
  return word.toLowerCase().replaceAll(/\d/g, '')
}

/** As insteadHint(). A bare name must be in a group first. */
function hintInTask(instead: readonly string[], sign: string, groups: Groups): string | null {
  const isBare = instead.some(
    (entry) => /^[\w-]+$/.test(entry) && !groups.has(entry) && !isMachine(entry, groups),
  )
  if (!isBare) return insteadHint(instead, sign)
  const names = instead.map((entry) => JSON.stringify(entry)).join(', ')
  return `list these machines in a group: ${names}`
}

function warnAboutLoopback(source: Source, path: KeyPath, written: string, match: HostMatch): void {
  if (!isLoopback(match)) return
  const message = `${JSON.stringify(written.trim())} matches no machine: torch knows machines by their host names, and by their addresses except loopback`
  const hint = 'leave out hosts to run on every machine'
  source.report(path, message, { hint, severity: 'warning' })
}
