import { addressAfter, covers, type Network, parseNetwork } from './address.ts'
import { matchGlob } from '../text/glob.ts'

/** What one entry of `hosts:` stands for; names and patterns in lower case. */
export type HostMatch =
  | ({ readonly kind: 'network' } & Network)
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'glob'; readonly glob: string }

/** Where a task runs, as plain data. Groups are replaced by their entries. */
export interface HostRule {
  /** At least one of these must match. If there are none, every host matches. */
  readonly some: readonly HostMatch[]
  /** None of these may match. */
  readonly none: readonly HostMatch[]
}

/** The names and addresses of a host. */
export interface HostFacts {
  /** Short and full, in lower case. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** The facts of a host, from its name (short or full) and all its addresses. */
export function hostFacts(name: string, addresses: readonly string[]): HostFacts {
  const full = name.toLowerCase().replace(/\.$/, '')
  // An address given as a name (`--host 10.0.1.5`) has no short form.
  const [short = ''] = parseNetwork(full) === undefined ? full.split('.') : [full]
  const names = [...new Set([short, full])].filter((one) => one !== '')
  return { names, addresses: addresses.map((address) => address.replace(/%.*$/, '')) }
}

/** Whether a task with this rule runs on this host. Without a rule it runs everywhere. */
export function matchHosts(rule: HostRule | undefined, host: HostFacts): boolean {
  return satisfies(rule, (match) => matchesHost(match, host))
}

/** Whether the rule takes a machine, given which entries of the rule match that machine. */
function satisfies(rule: HostRule | undefined, matches: (match: HostMatch) => boolean): boolean {
  if (rule === undefined) return true
  return (rule.some.length === 0 || rule.some.some(matches)) && !rule.none.some(matches)
}

/** Every machine. */
export const anyMachine: HostMatch = { kind: 'glob', glob: '*' }

/** Whether no host can match, because every entry is negated too. True only if that is certain. */
export function matchesNothing(rule: HostRule): boolean {
  const some = rule.some.length === 0 ? [anyMachine] : rule.some
  return some.every((one) => rule.none.some((other) => matchesAllOf(other, one)))
}

/** Whether `outer` matches every machine that `inner` matches. True only if that is certain. */
function matchesAllOf(outer: HostMatch, inner: HostMatch): boolean {
  // A pattern of stars only: every machine has some name.
  if (outer.kind === 'glob' && matchGlob(outer.glob, '')) return true
  if (outer.kind === 'network') return inner.kind === 'network' && covers(outer, inner)
  if (inner.kind === 'network') return false
  // A pattern that matches the text of another pattern, stars included, matches all its names.
  const texts = inner.kind === 'name' ? hostFacts(inner.name, []).names : [inner.glob]
  return texts.some((text) =>
    outer.kind === 'name'
      ? inner.kind === 'name' && text === outer.name
      : matchGlob(outer.glob, text),
  )
}

function matchesHost(match: HostMatch, host: HostFacts): boolean {
  switch (match.kind) {
    case 'network':
      return networksOf(host).some((address) => covers(match, address))
    case 'name':
      return host.names.includes(match.name)
    case 'glob':
      return host.names.some((name) => matchGlob(match.glob, name))
  }
}

/** The addresses of a host are parsed once, not once for each task. */
const parsedNetworks = new WeakMap<HostFacts, Network[]>()

function networksOf(host: HostFacts): Network[] {
  const parsed = parsedNetworks.get(host)
  if (parsed !== undefined) return parsed
  const networks = host.addresses.flatMap((address) => parseNetwork(address) ?? [])
  parsedNetworks.set(host, networks)
  return networks
}

/** On how many of some machines a task runs. */
export type Share = 'all' | 'some' | 'none'

/**
 * On how many of some machines a task with this rule runs, if all that is known about a machine is
 * that it matches one of these entries. Exact for addresses and names. For patterns that overlap it may miss
 * that some machines match both.
 */
export function shareOf(rule: HostRule | undefined, machines: readonly HostMatch[]): Share {
  if (rule === undefined) return 'all'
  const verdicts = new Set<boolean>()
  for (const machine of machines) {
    for (const sample of samplesOf(machine, rule)) verdicts.add(runsOn(rule, sample))
    if (verdicts.size === 2) return 'some'
  }
  return verdicts.has(true) ? 'all' : 'none'
}

/** Whether a task with this rule runs on every machine that the entry matches. */
export function runsOn(rule: HostRule | undefined, machine: HostMatch): boolean {
  return satisfies(rule, (match) => matchesAllOf(match, machine))
}

/**
 * Whether a machine can match both rules. An entry stands for a machine with only that name or that address:
 * whether a machine of one rule also has an address of the other is not known, and counts as no.
 */
export function canMeet(a: HostRule | undefined, b: HostRule | undefined): boolean {
  const rules = [a ?? everyHost, b ?? everyHost]
  const both = {
    some: rules.flatMap(({ some }) => some),
    none: rules.flatMap(({ none }) => none),
  }
  return [anyMachine, ...both.some].some((entry) =>
    samplesOf(entry, both).some((machine) => runsOn(a, machine) && runsOn(b, machine)),
  )
}

const everyHost: HostRule = { some: [], none: [] }

/** Parts of what an entry matches: at least one for each answer that the rule can give. */
function samplesOf(machine: HostMatch, { some, none }: HostRule): readonly HostMatch[] {
  if (machine.kind === 'name') return [machine]
  const entries = [...some, ...none]
  if (machine.kind === 'network') return edgesIn(machine, entries)
  const inside = entries.filter((entry) => matchesAllOf(machine, entry))
  // A name that matches both: web-*-eu is in web-* and in *-eu.
  const crossed = entries.flatMap((entry): HostMatch[] =>
    entry.kind === 'glob' ? [{ kind: 'glob', glob: machine.glob.replace('*', entry.glob) }] : [],
  )
  return [machine, ...inside, ...crossed]
}

/** From one address to the next, the answer can change only where a network begins or has ended. */
function edgesIn(
  { family, first, last }: Network,
  entries: readonly HostMatch[],
): readonly HostMatch[] {
  const machine: Network = { family, first, last }
  const edges = entries.flatMap((entry) => {
    if (first === last || entry.kind !== 'network' || !covers(machine, entry)) return []
    return entry.last < last ? [entry.first, addressAfter(entry.last)] : [entry.first]
  })
  return [first, ...edges].map((edge) => ({ kind: 'network', family, first: edge, last: edge }))
}
