const units: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** Spells out both cases of each letter, because a pattern of JSON Schema has no flags. */
export const sizePattern = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKmMgGtT]?[iI]?[bB])$/

/** The bytes of `512kB`, `10MB` or `1.5GiB`; undefined if the text is not a size. kB is 1000, KiB is 1024. */
export function parseSize(text: string): number | undefined {
  const match = sizePattern.exec(text)
  const unit = units[match?.[2]?.toLowerCase() ?? '']
  if (match === null || unit === undefined) return undefined
  const bytes = Math.round(Number(match[1]) * unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** For people, rounded, in powers of 1000: `512 B`, `3.1 GB`. */
export function sizeText(bytes: number): string {
  const index = Math.max(
    shown.findLastIndex((unit) => bytes >= (units[unit.toLowerCase()] ?? 0)),
    0,
  )
  const unit = shown[index] ?? 'B'
  const size = bytes / (units[unit.toLowerCase()] ?? 1)
  return `${size < 10 && index > 0 ? size.toFixed(1) : Math.floor(size)} ${unit}`
}

const shown = ['B', 'kB', 'MB', 'GB', 'TB']

/** Of the text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** The shortest text that {@link parseSize} reads as exactly this number of bytes: `10MB`, `1GiB`, `1.5GB`. */
export function formatSize(bytes: number): string {
  const texts = unitNames.flatMap((unit) => {
    const text = `${bytes / (units[unit.toLowerCase()] ?? 1)}${unit}`
    return parseSize(text) === bytes ? [text] : []
  })
  return texts.toSorted((a, b) => a.length - b.length)[0] ?? `${bytes}B`
}

const unitNames = ['TiB', 'TB', 'GiB', 'GB', 'MiB', 'MB', 'KiB', 'kB', 'B']
