/**
 * Does a pattern with `*` (any text) and `?` (one character) match all of the text? Takes at most
 * the product of their lengths, unlike a regular expression with many stars.
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
      // The last star takes one character more.
      at = star + 1
      on = ++resume
    } else return false
  }
  while (glob[at] === '*') at++
  return at === glob.length
}
