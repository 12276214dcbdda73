import { covers, type Network, parseNetwork } from './address.ts'
import { matchGlob } from '../text/glob.ts'

/** What one entry of `hosts:` stands for; names and patterns in lower case. */
export type HostMatch =
  | ({ readonly kind: 'network' } & Network)
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'glob'; readonly glob: string }

/** Where a task runs: plain data, groups replaced by what is in them. */
export interface HostRule {
  /** One of these has to match; where there are none, every host does. */
  readonly some: readonly HostMatch[]
  /** None of these may. */
  readonly none: readonly HostMatch[]
}

/** What a host is known by. */
export interface HostFacts {
  /** Short and full, in lower case. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

/** The facts of a host by its name, short or full, and all of its addresses. */
export function hostFacts(name: string, addresses: readonly string[]): HostFacts {
  const full = name.toLowerCase().replace(/\.$/, '')
  // An address given as a name (`--host 10.0.1.5`) has no short form.
  const [short = ''] = parseNetwork(full) === undefined ? full.split('.') : [full]
  const names = [...new Set([short, full])].filter((one) => one !== '')
  return { names, addresses: addresses.map((address) => address.replace(/%.*$/, '')) }
}

/** Does a task with this rule run on this host? Without a rule it runs everywhere. */
export function matchHosts(rule: HostRule | undefined, host: HostFacts): boolean {
  return holds(rule, (match) => matchesHost(match, host))
}

/** Does the rule take a machine of which this is known: which of its entries match? */
export function holds(rule: HostRule | undefined, matches: (match: HostMatch) => boolean): boolean {
  if (rule === undefined) return true
  return (rule.some.length === 0 || rule.some.some(matches)) && !rule.none.some(matches)
}

/** Every machine. */
export const everyone: HostMatch = { kind: 'glob', glob: '*' }

/** Can no host match, because all that is named is negated too? Certain where it says so. */
export function matchesNothing(rule: HostRule): boolean {
  const some = rule.some.length === 0 ? [everyone] : rule.some
  return some.every((one) => rule.none.some((other) => takesAllOf(other, one)))
}

/** Does `outer` match every machine that `inner` matches? Certain where it says so. */
export function takesAllOf(outer: HostMatch, inner: HostMatch): boolean {
  // Stars alone: every machine has some name.
  if (outer.kind === 'glob' && matchGlob(outer.glob, '')) return true
  if (outer.kind === 'network') return inner.kind === 'network' && covers(outer, inner)
  if (inner.kind === 'network') return false
  // A pattern that matches another's text, stars and all, matches whatever the other does.
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

/** Addresses are read once a host, not once a task. */
const known = new WeakMap<HostFacts, Network[]>()

function networksOf(host: HostFacts): Network[] {
  const before = known.get(host)
  if (before !== undefined) return before
  const networks = host.addresses.flatMap((address) => parseNetwork(address) ?? [])
  known.set(host, networks)
  return networks
}
