import { isLoopbackNetwork, parseNetwork } from './address.ts'
import { expected, showValue } from './file/expected.ts'
import { addressRange, nameRange } from './host-ranges.ts'
import type { HostMatch } from './hosts.ts'

/** One entry of a `hosts` list: a match, a bare word (a group or a host name), or an error. */
export type HostEntry =
  | { readonly kind: 'match'; readonly match: HostMatch }
  | { readonly kind: 'word'; readonly word: string }
  | {
      readonly kind: 'wrong'
      readonly message: string
      /** Entries that mean the same. */
      readonly instead: readonly string[]
    }

/** Reads an entry of a `hosts` list, without its `!`. Case does not matter. */
export function parseHostEntry(written: string): HostEntry {
  const text = written.trim().toLowerCase().replace(/\.$/, '')
  const range = addressRange(text) ?? nameRange(text)
  if (range !== undefined) {
    const isGood = range.instead.every((entry) => parseHostEntry(entry).kind !== 'wrong')
    return wrong(range.expected, written, isGood ? range.instead : [])
  }
  if (/[/:%]/.test(text) || /^[\d.]*\.[\d.]*$/.test(text)) {
    const network = parseNetwork(text)
    return network === undefined
      ? wrong(expected.network, written)
      : { kind: 'match', match: { kind: 'network', ...network } }
  }
  if (/^[\w.*?-]*[*?][\w.*?-]*$/.test(text)) {
    return { kind: 'match', match: { kind: 'glob', glob: text } }
  }
  if (!/^[\w-]+(\.[\w-]+)*$/.test(text)) return wrong(expected.entry, written)
  if (!text.includes('.')) return { kind: 'word', word: written.trim() }
  return { kind: 'match', match: { kind: 'name', name: text } }
}

/** The machine that a bare word names. */
export function nameMatch(word: string): Extract<HostMatch, { kind: 'name' }> {
  return { kind: 'name', name: word.toLowerCase().replace(/\.$/, '') }
}

/** An entry without its `!`, and whether it had one. */
export function bareEntry(written: string): { readonly text: string; readonly negated: boolean } {
  const trimmed = written.trim()
  return { text: trimmed.replace(/^!\s*/, ''), negated: trimmed.startsWith('!') }
}

/** Two entries, with or without `!`, mean the same exactly if these texts are equal. */
export function entryMeaning(written: string): string {
  const { text, negated } = bareEntry(written)
  return (negated ? '!' : '') + JSON.stringify(parseHostEntry(text))
}

/** What to write instead of a wrong entry: `write "10.0.1.0/24"`. `sign` is `!` or empty. */
export function insteadHint(instead: readonly string[], sign = ''): string | null {
  const entries = instead.map((entry) => JSON.stringify(sign + entry))
  return entries.length === 0 ? null : `write ${entries.join(', ')}`
}

/** Whether a name or network means only the machine itself, from its own view. No host matches it. */
export function isLoopback(match: HostMatch): boolean {
  if (match.kind === 'name')
    return /^(?:ip6-)?(?:localhost|loopback)(?:[46]?\.localdomain[46]?|[46])?$/.test(match.name)
  return match.kind === 'network' && isLoopbackNetwork(match)
}

function wrong(what: string, written: string, instead: readonly string[] = []) {
  const message = `expected ${what}; got ${showValue(written)}`
  return { kind: 'wrong', message, instead } as const
}
