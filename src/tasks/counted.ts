/** So many of something, in words: `1 task`, `4 tasks`. */
export function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`
}
