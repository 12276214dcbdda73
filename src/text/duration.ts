const units = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** A century; nothing that torch waits for is longer. */
const maxDurationMs = 36_500 * 86_400_000

type ParsedDuration = { ok: true; ms: number } | { ok: false; message: string }

/** All that is one but for what is too long; not the empty text. */
export const durationPattern =
  /^(?=.)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** `500ms`, `30s`, `5m`, `1h30m`, `7d`, `2w`: whole numbers with units, from large to small. */
export function parseDuration(text: string): ParsedDuration {
  const expected = `expected a duration as 500ms, 30s, 5m, 1h30m or 7d; got ${JSON.stringify(text)}`
  if (/^\d+$/.test(text)) return { ok: false, message: `${expected}, which has no unit` }
  const match = durationPattern.exec(text)
  if (match === null) return { ok: false, message: expected }

  const ms = units.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0)
  if (ms > maxDurationMs)
    return { ok: false, message: `${JSON.stringify(text)} is too long; the most is 36500d` }
  return { ok: true, ms }
}

/** The shortest text that {@link parseDuration} reads as these milliseconds; `0s` for none. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms))
  let text = ''
  for (const [unit, size] of units) {
    // Weeks are read but not written: 10d is better understood than 1w3d.
    if (unit === 'w' || rest < size) continue
    text += `${Math.floor(rest / size)}${unit}`
    rest %= size
  }
  return text === '' ? '0s' : text
}
