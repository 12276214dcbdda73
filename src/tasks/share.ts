import { addressAfter, covers } from './address.ts'
import { holds, type HostMatch, type HostRule, takesAllOf } from './hosts.ts'

/** On how many of some machines a task runs. */
export type Share = 'all' | 'some' | 'none'

/**
 * On which of the machines that these describe a task with this rule runs, where nothing else is
 * known of them. Exact for addresses and names; of patterns that overlap it may miss that some
 * machines are in both.
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

/** Does it run on every machine that the entry matches? */
export function runsOn(rule: HostRule | undefined, machine: HostMatch): boolean {
  return holds(rule, (match) => takesAllOf(match, machine))
}

/** Parts of what an entry matches, for each verdict that the rule may have on it one at least. */
function samplesOf(machine: HostMatch, { some, none }: HostRule): readonly HostMatch[] {
  if (machine.kind === 'name') return [machine]
  const entries = [...some, ...none]
  if (machine.kind === 'network') return edgesIn(machine, entries)
  const inside = entries.filter((entry) => takesAllOf(machine, entry))
  // A name that both match: web-* and *-eu are met by web-*-eu.
  const crossed = entries.flatMap((entry): HostMatch[] =>
    entry.kind === 'glob' ? [{ kind: 'glob', glob: machine.glob.replace('*', entry.glob) }] : [],
  )
  return [machine, ...inside, ...crossed]
}

type NetworkMatch = HostMatch & { readonly kind: 'network' }

/** The verdict on addresses in their order can change only where a network begins, or after it ends. */
function edgesIn(machine: NetworkMatch, entries: readonly HostMatch[]): readonly HostMatch[] {
  const { family, first, last } = machine
  if (first === last) return [machine]
  const inside = entries.filter((entry) => entry.kind === 'network' && covers(machine, entry))
  const edges = (inside as NetworkMatch[]).flatMap((entry) =>
    entry.last < last ? [entry.first, addressAfter(entry.last)] : [entry.first],
  )
  return [first, ...edges].map((edge) => ({ kind: 'network', family, first: edge, last: edge }))
}
