const units = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** About a century. torch never waits longer. */
const maxDurationMs = 36_500 * 86_400_000

type ParsedDuration = { ok: true; ms: number } | { ok: false; message: string }

/** Matches every duration, also one that is too long, but not the empty text. */
export const durationPattern =
  /^(?=.)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** Reads `500ms`, `30s`, `5m`, `1h30m`, `7d` or `2w`: whole numbers with units, the largest unit first. */
export function parseDuration(text: string): ParsedDuration {
  const shown = JSON.stringify(text)
  const match = durationPattern.exec(text)
  if (match === null) {
    const message = `expected a duration with a unit, such as 30s, 5m or 1h30m; got ${shown}`
    return { ok: false, message }
  }
  const ms = units.reduce((sum, [, size], index) => sum + Number(match[index + 1] ?? 0) * size, 0)
  if (ms > maxDurationMs)
    return { ok: false, message: `${shown} is too long; the longest duration is 36500d` }
  return { ok: true, ms }
}

/** The shortest text that {@link parseDuration} reads as this duration; `0s` for 0 or less. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms))
  let text = ''
  for (const [unit, size] of units) {
    // Weeks are read but never written: 10d is easier to understand than 1w3d.
    if (unit === 'w' || rest < size) continue
    text += `${Math.floor(rest / size)}${unit}`
    rest %= size
  }
  return text === '' ? '0s' : text
}
