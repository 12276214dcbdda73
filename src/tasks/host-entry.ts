import { parseNetwork } from './address.ts'
import { expected, showValue } from './file/expected.ts'
import type { HostMatch } from './hosts.ts'

/** One entry of a `hosts` list: a match, a bare word (a group or a host name), or an error. */
export type HostEntry =
  | { readonly kind: 'match'; readonly match: HostMatch }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'wrong'; readonly message: string; readonly hint: string | null }

/** Reads an entry of a `hosts` list, without its `!`. Case does not matter. */
export function parseHostEntry(written: string): HostEntry {
  const text = written.trim().toLowerCase().replace(/\.$/, '')
  if (/^[\d.]*\*[\d.*]*$/.test(text) && text.includes('.')) return addressPattern(written, text)
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

/** `10.0.1.*` would be a pattern of host names that never matches, and nobody would notice. */
function addressPattern(written: string, text: string): HostEntry {
  const [fixed = ''] = text.split('*')
  const parts = fixed.split('.').filter((part) => part !== '')
  const zeros = Array.from({ length: Math.max(0, 4 - parts.length) }, () => '0')
  const block = `${[...parts, ...zeros].join('.')}/${parts.length * 8}`
  const hint = parseNetwork(block) === undefined ? null : `did you mean "${block}"?`
  return { ...wrong('a CIDR block; patterns only match host names', written), hint }
}

function wrong(what: string, written: string) {
  const message = `expected ${what}; got ${showValue(written)}`
  return { kind: 'wrong', message, hint: null } as const
}
