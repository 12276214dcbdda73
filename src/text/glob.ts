/**
 * True if the pattern matches the whole text. `*` matches any text and `?` one character. Takes at most
 * pattern length times text length; a regular expression with many stars would take exponential time.
 */
export function matchGlob(glob: string, text: string): boolean {
  let at = 0
  let on = 0
  let star = -1
  let resume = 0
  while (on < text.length) {
    if (glob[at] === '*') {
      star = at++
      resume = on
    } else if (glob[at] === '?' || glob[at] === text[on]) {
      at++
      on++
    } else if (star !== -1) {
      // Let the last star match one more character.
      at = star + 1
      on = ++resume
    } else return false
  }
  while (glob[at] === '*') at++
  return at === glob.length
}
