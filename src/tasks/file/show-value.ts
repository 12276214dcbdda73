/** Values longer than this are cut where they are shown. */
const maxShownChars = 60

/** A value in a message: text in quotes, maps and lists by their kind, nothing as `nothing`. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'number') return String(value)
  const text = JSON.stringify(value)
  return text.length <= maxShownChars ? text : `${text.slice(0, maxShownChars)}…`
}

/** Its kind alone, where the value may be a secret. */
export function showKind(value: unknown): string {
  return typeof value === 'string'
    ? 'text'
    : typeof value === 'number'
      ? 'a number'
      : showValue(value)
}
