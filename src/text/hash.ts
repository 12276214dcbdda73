/**
 * A hash of 32 bits. Every bit depends on the whole text: FNV-1a over UTF-16 units, then the final mix
 * of MurmurHash3.
 */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const shownDigits = 12

/** A text for people: its SHA-256 sums have only their first 12 digits, which name a file well enough. */
export function withShortSums(text: string): string {
  return text.replace(/\b[0-9a-f]{64}\b/g, (sum) => sum.slice(0, shownDigits))
}

/**
 * The text that `H` and the jitter of a task are hashed from. `host` is the short name; undefined: for all
 * machines of a fleet, because they must agree on the slots.
 */
export function seedOf(task: string, host: string | undefined): string {
  return host === undefined ? task : `${task}@${host}`
}

/**
 * The delay of a task's starts on a host, in whole milliseconds from 0 to below `widthMs`. It is always
 * the same for the same task and host, and evenly spread over tasks and hosts. `host` is as in seedOf().
 */
export function jitterOf(task: string, host: string | undefined, widthMs: number): number {
  return Math.floor((hash32(seedOf(task, host)) / 2 ** 32) * widthMs)
}
