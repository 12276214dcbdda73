import { blocksBetween, parseNetwork } from './address.ts'

/*
 * Ranges and patterns that other tools know and torch does not: `10.0.1.11-15`, `10.0.1.x`, `web[1-5]`,
 * `web{1..3}`. Each one has a list of entries that means the same.
 */

/** The longest list that a hint shows. */
const maxEntries = 16

/** Something that is not allowed as an entry, and the entries to write instead, if they are few. */
export interface RangeEntry {
  readonly expected: string
  readonly instead: readonly string[]
}

/** A range or pattern of addresses; undefined for any other text. `text` is in lower case. */
export function addressRange(text: string): RangeEntry | undefined {
  if (/^(?:\d+\.)+[\d.]*\*[\d.*?]*$|^[\d.]*\.[\d.*]*[*?][\d.*?]*$/.test(text))
    return {
      expected: 'a CIDR block; patterns only match host names',
      instead: blockOf(text.replaceAll('*', 'x')),
    }
  if (/^\d+\.[\dx.]*x[\dx.]*$/.test(text))
    return { expected: 'a CIDR block', instead: blockOf(text) }
  const [, from = '', to] = /^([\da-f.:]+)-([\da-f.:]+)$/.exec(text) ?? []
  const first = to === undefined ? undefined : parseNetwork(from)
  if (first === undefined || to === undefined) return undefined
  const isFull = parseNetwork(to) !== undefined
  // 10.0.1.11-15 counts in the last part.
  const last = parseNetwork(isFull ? to : from.replace(/[^.:]*$/, to))
  return {
    expected: 'an address or a CIDR block; a range must be written as blocks',
    instead: last === undefined ? [] : few(blocksBetween(first, last)),
  }
}

/** A range of names, such as `web[1-5]`; undefined for any other text. */
export function nameRange(text: string): RangeEntry | undefined {
  const [, before = '', inner = '', after = ''] =
    /^([^[{(]*)[[{(]([^\]})]*)[\]})](.*)$/.exec(text) ?? []
  if (inner === '') return undefined
  const names = partsOf(inner)?.map((part) => before + part + after) ?? []
  return {
    expected: 'a host name, or a pattern with * and ?; a range must be written as a list',
    instead: few(names.every((name) => /^[\w.-]+$/.test(name)) ? names : []),
  }
}

/** The block of `10.0.1.x`; none if the places are not at the end. */
function blockOf(text: string): readonly string[] {
  const [, fixed = ''] = /^((?:\d+\.){1,3})x(?:\.x)*$/.exec(text) ?? []
  const parts = fixed.split('.').filter((part) => part !== '')
  const address = [...parts, '0', '0', '0'].slice(0, 4).join('.')
  const block = `${address}/${parts.length * 8}`
  return parts.length > 0 && parseNetwork(block) !== undefined ? [block] : []
}

/** `1`, `2`, `3` for `1-3`, `1..3` or `1,2,3`; undefined if it is something else. */
function partsOf(inner: string): readonly string[] | undefined {
  const parts = inner.split(/[,|]/).map((part) => {
    const [, low, high = ''] = /^(\d+)(?:-|\.\.)(\d+)$/.exec(part) ?? []
    // The letters of a-c, and ranges with a step, are not listed.
    if (low === undefined) return /-|\.\.|^[!^]/.test(part) ? undefined : [part]
    const count = Number(high) - Number(low) + 1
    if (!(count >= 1 && count <= maxEntries)) return undefined
    return Array.from({ length: count }, (_, index) =>
      String(Number(low) + index).padStart(low.length, '0'),
    )
  })
  return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
}

function few(entries: readonly string[]): readonly string[] {
  return entries.length > maxEntries ? [] : entries
}
