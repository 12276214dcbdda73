import { counted } from '../../../text/plural.ts'

/** A table, or some blocks: items are left out whole, where the page would get too long. */
export interface Section {
  /** What an item is, to count those that are left out. */
  readonly what: string
  /** Before the first item, where there is one. */
  readonly head: string
  readonly items: readonly string[]
  /** Before each of them. */
  readonly gap: '\n' | '\n\n'
}

/** The most that GitHub takes as a comment. */
export const maxPageChars = 65_536
/** Room for the line that says what was left out. */
const maxLeftOutChars = 500

/** A page: its first lines, which are short, and as much of the sections as there is room for. */
export function page(first: string, sections: readonly Section[]): string {
  let text = first
  const leftOut: string[] = []
  for (const { what, head, items, gap } of sections) {
    let room = maxPageChars - maxLeftOutChars - text.length - head.length - '\n\n'.length
    const kept = items.filter((item) => {
      const fits = gap.length + item.length <= room
      if (fits) room -= gap.length + item.length
      return fits
    })
    if (kept.length > 0) text += `\n\n${[head, ...kept].filter((part) => part !== '').join(gap)}`
    if (kept.length < items.length) leftOut.push(counted(items.length - kept.length, what))
  }
  if (leftOut.length === 0) return text
  const why = `a comment has at most ${maxPageChars} characters`
  return `${text}\n\n**Left out**, as ${why}: ${leftOut.join(', ')}. \`torch diff\` shows all of it.`
}
