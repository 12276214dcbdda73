/** A number with its noun: `1 task`, `4 tasks`. */
export function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`
}

/** The first `most` names of a list, and the number of the others: `a, b and 4 more`. */
export function someOf(names: readonly string[], most: number): string {
  const more = names.length - most
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
