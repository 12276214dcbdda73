import { zoneHint } from '../../schedule/zone-names.ts'
import { notifyOf } from '../defaults.ts'
import { bareEntry } from '../host-entry.ts'
import type { FileNotify, Target } from '../notify.ts'
import { readCalendar } from './calendars.ts'
import { formatKeyPath, isMap, type KeyPath, valueAt } from './key-path.ts'
import type { TargetNames } from './notify-checks.ts'
import type { Pools } from './pools.ts'
import { type Group, type Groups, resolveGroup } from './resolve-hosts.ts'
import type { Sources } from './script.ts'
import type { FileInput, TaskInput } from './schema.ts'
import { checkSettings, checkZone, type Settings, type TasksFacts } from './settings.ts'
import type { Calendars, FileCalendar } from './slot-limits.ts'
import type { Source } from './source.ts'
import { readHeartbeat, readPageUrl, readTarget } from './targets.ts'
import { isGiven, isMisspelt } from './validate.ts'

/** One text of the file, with its valid values. */
export interface FilePart {
  readonly source: Source
  readonly input: FileInput
}

/** What other keys depend on. Where it is wrong, they are not judged. */
export type UnclearKey = 'type' | 'scope'

/** All texts of a tasks file as one. */
export interface MergedFile {
  readonly zone: string
  /** The file has a zone for all its tasks, right or wrong, and does not use that of the machine. */
  readonly isZoneGiven: boolean
  readonly groups: Groups
  /** The entries of the groups as written. */
  readonly groupEntries: Readonly<Record<string, readonly string[]>>
  /** `unclear` if they are written, but not as sources. Then no source is called unknown. */
  readonly sources: Sources | 'unclear'
  /** The names of the targets of messages. `unclear` as for the sources. */
  readonly targets: TargetNames
  /** Its calendars. `unclear` as for the sources. */
  readonly calendars: Calendars | 'unclear'
  /** The sizes of its pools; undefined for one with an error. `unclear` as for the sources. */
  readonly pools: Pools | 'unclear'
  /** What it says about messages. */
  readonly notify: FileNotify
  readonly defaults: Settings
  /** Which of these the defaults have, but wrong. */
  readonly unclear: Readonly<Record<UnclearKey, boolean>>
  readonly tasks: readonly {
    readonly source: Source
    readonly name: string
    readonly input: TaskInput
  }[]
}

/**
 * Merges the parts in their order. Groups, sources, defaults and the time zone apply to all parts, wherever
 * they are written. A second value for the same key is reported with both places, and the first one counts.
 */
export function mergeFiles(parts: readonly FilePart[], facts: TasksFacts): MergedFile {
  const isFirst = onlyOnce()
  const groups = mergeGroups(parts, isFirst)
  const targets = namesOfTargets(parts)
  const calendars = mergeCalendars(parts, isFirst, facts)
  const pools = mergeNamed(parts, isFirst, 'pools', (input) => input.pools)
  const context = { facts, groups: groups.groups, targets, calendars, pools }
  const defaults = mergeDefaults(parts, isFirst, context)
  const merged = {
    ...groups,
    zone: mergeZone(parts, isFirst) ?? facts.zone,
    isZoneGiven: parts.some(({ source }) =>
      [['timezone'], ['defaults', 'timezone']].some((path) => isGiven(source, path)),
    ),
    sources: mergeNamed(parts, isFirst, 'sources', (input) => input.sources),
    targets,
    calendars,
    pools,
    notify: mergeNotify(parts, isFirst, { folder: facts.folder, defaults }),
    defaults,
    unclear: {
      type: parts.some((part) => isUnclearDefault(part, 'type')),
      scope: parts.some((part) => isUnclearDefault(part, 'scope')),
    },
    tasks: parts.flatMap(tasksOf).filter(({ source, name }) => isFirst(source, ['tasks', name])),
  }
  warnAboutMachineZone(parts, merged, facts)
  return merged
}

/** A machine with TZ=BST would run its tasks by UTC, and nobody would notice. */
function warnAboutMachineZone(
  parts: readonly FilePart[],
  { defaults, tasks }: MergedFile,
  { ignoredZone }: TasksFacts,
): void {
  if (ignoredZone === undefined || defaults.timezone !== undefined) return
  if (parts.some(({ source }) => source.has(['timezone']))) return
  const first = tasks.find(({ input }) => input.timezone === undefined)
  if (first === undefined) return
  const message = `the machine has TZ=${ignoredZone}, which is not a time zone: tasks without timezone use UTC`
  const hint = `set timezone in the file, or another TZ: ${zoneHint(ignoredZone)}`
  first.source.report(['timezone'], message, { hint, severity: 'warning' })
}

/** The tasks of one part, in the order of the text. */
function tasksOf({ source, input: { tasks = {} } }: FilePart): MergedFile['tasks'] {
  return source.keys(['tasks']).flatMap((name) => {
    const input = ownValue(tasks, name)
    return input === undefined ? [] : [{ source, name, input }]
  })
}

function isUnclearDefault({ source, input }: FilePart, key: UnclearKey): boolean {
  if (input.defaults?.[key] !== undefined || source.errors.length === 0) return false
  return isGiven(source, ['defaults', key]) || isMisspelt(source, ['defaults'])
}

/** Every object of JavaScript has a `constructor` that is not in the file. */
function ownValue<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

type IsFirst = (source: Source, path: KeyPath) => boolean

function onlyOnce(): IsFirst {
  const seen = new Map<string, Source>()
  return (source, path) => {
    const name = formatKeyPath(path)
    const first = seen.get(name)
    seen.set(name, first ?? source)
    if (first === undefined) return true
    source.report(path, `given twice; first at ${first.position(path)}`)
    return false
  }
}

function mergeGroups(
  parts: readonly FilePart[],
  isFirst: IsFirst,
): Pick<MergedFile, 'groups' | 'groupEntries'> {
  // All names are known from the start: a group with an error is not an unknown group.
  const groups = new Map<string, Group>(
    parts.flatMap(({ source }) =>
      source.keys(['hosts']).map((name) => [name, unreadGroup(source, name)]),
    ),
  )
  if (parts.some(({ source }) => isUnclear(source, 'hosts')))
    for (const word of parts.flatMap(wordsInHosts))
      if (!groups.has(word)) groups.set(word, { matches: [], isWrong: true, unread: [] })
  const groupEntries: Record<string, readonly string[]> = {}
  for (const { source, input } of parts) {
    for (const name of source.keys(['hosts'])) {
      const path = ['hosts', name]
      const entries = ownValue(input.hosts ?? {}, name)
      if (entries === undefined || !isFirst(source, path)) continue
      const isOther = (word: string) => groups.has(word) && word !== name
      groupEntries[name] = entries
      groups.set(name, resolveGroup(source, path, entries, isOther))
    }
  }
  return { groups, groupEntries }
}

/** What the schema refused is not empty: its texts may be machines. */
function unreadGroup(source: Source, name: string): Group {
  const texts = [valueAt(source.value, ['hosts', name])].flat(maxUnreadDepth)
  return { matches: [], isWrong: true, unread: texts.map(String) }
}

const maxUnreadDepth = 3

/** Whether a map is written, but not as a map. Then no name that may be in it is called unknown. */
function isUnclear(
  source: Source,
  top: 'hosts' | 'sources' | 'notify' | 'calendars' | 'pools',
): boolean {
  if (source.errors.length === 0) return false
  const isWritten = source.has([top])
  return isWritten ? !isMap(valueAt(source.value, [top])) : isMisspelt(source, [top])
}

function wordsInHosts({ input }: FilePart): string[] {
  const all = [input.defaults, ...Object.values(input.tasks ?? {})]
  const lists = all.flatMap((settings) => [settings?.hosts ?? [], settings?.prefer ?? []])
  return lists.flat().map((entry) => bareEntry(entry).text)
}

/** The values of a map of names; undefined for one with an error. */
function mergeNamed<T>(
  parts: readonly FilePart[],
  isFirst: IsFirst,
  top: 'sources' | 'pools',
  valuesIn: (input: FileInput) => Readonly<Record<string, T>> | undefined,
): ReadonlyMap<string, T | undefined> | 'unclear' {
  const merged = new Map<string, T | undefined>()
  for (const { source, input } of parts) {
    for (const name of source.keys([top]))
      if (isFirst(source, [top, name])) merged.set(name, ownValue(valuesIn(input) ?? {}, name))
  }
  return parts.some(({ source }) => isUnclear(source, top)) ? 'unclear' : merged
}

function mergeCalendars(
  parts: readonly FilePart[],
  isFirst: IsFirst,
  facts: TasksFacts,
): Calendars | 'unclear' {
  const merged = new Map<string, FileCalendar | undefined>()
  for (const { source, input } of parts) {
    for (const name of source.keys(['calendars'])) {
      if (!isFirst(source, ['calendars', name])) continue
      const written = ownValue(input.calendars ?? {}, name)
      merged.set(name, written && readCalendar(source, name, written, facts))
    }
  }
  return parts.some(({ source }) => isUnclear(source, 'calendars')) ? 'unclear' : merged
}

/** A target with an error is not unknown. */
function namesOfTargets(parts: readonly FilePart[]): TargetNames {
  if (parts.some(({ source }) => isUnclear(source, 'notify'))) return 'unclear'
  return new Set(parts.flatMap(({ source }) => source.keys(['notify'])))
}

function mergeNotify(
  parts: readonly FilePart[],
  isFirst: IsFirst,
  { folder, defaults }: { readonly folder: string; readonly defaults: Settings },
): FileNotify {
  const targets: Target[] = []
  let [heartbeat, webUrl]: [FileNotify['heartbeat'], FileNotify['webUrl']] = [undefined, undefined]
  for (const { source, input } of parts) {
    for (const name of source.keys(['notify'])) {
      const written = ownValue(input.notify ?? {}, name)
      if (written === undefined || !isFirst(source, ['notify', name])) continue
      const target = readTarget(source, name, written, folder)
      if (target !== undefined) targets.push(target)
    }
    if (input.heartbeat !== undefined && isFirst(source, ['heartbeat']))
      heartbeat = readHeartbeat(source, input.heartbeat, folder)
    if (input.web_url !== undefined && isFirst(source, ['web_url']))
      webUrl = readPageUrl(source, input.web_url)
  }
  return { targets, daemon: notifyOf(defaults.notify), heartbeat, webUrl }
}

function mergeZone(parts: readonly FilePart[], isFirst: IsFirst): string | undefined {
  let zone: string | undefined
  for (const { source, input } of parts) {
    const path = ['timezone']
    if (input.timezone === undefined || !isFirst(source, path)) continue
    if (checkZone(source, path, input.timezone)) zone = input.timezone
  }
  return zone
}

function mergeDefaults(
  parts: readonly FilePart[],
  isFirst: IsFirst,
  context: Parameters<typeof checkSettings>[3],
): Settings {
  const merged: Settings = {}
  for (const { source, input } of parts) {
    const own = checkSettings(source, ['defaults'], input.defaults ?? {}, context)
    for (const [key, value] of Object.entries(own)) {
      if (isFirst(source, ['defaults', key])) Object.assign(merged, { [key]: value })
    }
  }
  return merged
}
