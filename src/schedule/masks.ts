/*
 * Sets of small numbers as bit masks: bit n is value n. Numbers up to 31 fit in one 32-bit number;
 * minutes and seconds need two.
 */

/** A set of values from 0 to 59: `low` has 0-29, `high` has 30-59. */
export interface SixtyMask {
  readonly low: number
  readonly high: number
}

/** The lowest bit that is set, from `from` upwards; -1 if there is none. */
export function nextBit(mask: number, from: number): number {
  if (from > 31) return -1
  const rest = mask & (-1 << from)
  return rest === 0 ? -1 : 31 - Math.clz32(rest & -rest)
}

export function hasBit(mask: number, bit: number): boolean {
  return ((mask >>> bit) & 1) === 1
}

/** The number of bits that are set. */
export function countBits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/** Only the bits below `bit`. */
export function bitsBelow(mask: number, bit: number): number {
  return bit > 31 ? mask : mask & ~(-1 << bit)
}

export function maskOf(values: Iterable<number>): number {
  let mask = 0
  for (const value of values) mask |= 1 << value
  return mask
}

const half = 30

export function nextSixty(mask: SixtyMask, from: number): number {
  const low = from < half ? nextBit(mask.low, from) : -1
  if (low >= 0) return low
  const high = nextBit(mask.high, Math.max(from - half, 0))
  return high < 0 ? -1 : high + half
}

export function hasSixty(mask: SixtyMask, bit: number): boolean {
  return bit < half ? hasBit(mask.low, bit) : hasBit(mask.high, bit - half)
}

export function countSixty(mask: SixtyMask): number {
  return countBits(mask.low) + countBits(mask.high)
}

export function sixtyBelow(mask: SixtyMask, bit: number): SixtyMask {
  return bit < half
    ? { low: bitsBelow(mask.low, bit), high: 0 }
    : { low: mask.low, high: bitsBelow(mask.high, bit - half) }
}

export function sixtyOf(values: Iterable<number>): SixtyMask {
  const all = [...values]
  return {
    low: maskOf(all.filter((value) => value < half)),
    high: maskOf(all.filter((value) => value >= half).map((value) => value - half)),
  }
}
