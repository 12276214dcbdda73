/** Longer words are not compared, because the cost is the product of both lengths. */
const maxWordLength = 64

/**
 * The candidate that `word` most likely means, for "did you mean". That is the one with the fewest
 * edits (up to a third of the word), or one that the word begins with (`january`, `jan`), or the only
 * one that begins with the word (`fail`, `failed`). Case does not matter. undefined if no candidate is
 * close.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > maxWordLength) return undefined
  const lower = word.toLowerCase()
  let best: string | undefined
  const most = Math.max(1, Math.floor(word.length / 3))
  let fewest = most + 1
  for (const candidate of candidates) {
    if (candidate.length > maxWordLength) continue
    const other = candidate.toLowerCase()
    const lengthened = other.length >= 3 && lower.startsWith(other)
    const edits = Math.min(editsBetween(lower, other), lengthened ? most : Infinity)
    if (edits < fewest && (lengthened || edits < other.length)) {
      best = candidate
      fewest = edits
    }
  }
  return best ?? onlyLonger(lower, candidates)
}

/** Shorter beginnings say too little. */
const minBeginning = 3

function onlyLonger(word: string, candidates: readonly string[]): string | undefined {
  if (word.length < minBeginning) return undefined
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(word))
  return longer.length === 1 ? longer[0] : undefined
}

/** How many letters are inserted, left out, replaced, or swapped with a neighbour (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let edits = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, at(beforeLast, j - 2) + 1)
      row.push(edits)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
