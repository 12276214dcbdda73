/** A time as messages show it: `2026-03-10 12:00:05 UTC`. Milliseconds since the epoch. */
export function utcTime(ms: number): string {
  return utcTimes(new Date(ms).toISOString())
}

/** The same text with each of its ISO 8601 times in UTC written like that. */
export function utcTimes(text: string): string {
  return text.replace(
    /\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|\+00:00)(?![\w:])/g,
    '$1 $2 UTC',
  )
}
