import type { Offer } from './offer.ts'
import type { Shell } from './shells.ts'
import type { Typed } from './typed.ts'

/** How an offer is written for the script of each shell: what paths are to be added, then a candidate a line. */
export const formats: Readonly<Record<Shell, (offer: Offer, typed: Typed) => string[]>> = {
  bash: forBash,
  zsh: forZsh,
  fish: forFish,
}

/** bash has no descriptions, and takes what it is given for the part of the word that it replaces. */
function forBash({ paths, candidates }: Offer, { current, kept, quote }: Typed): string[] {
  const fitting = candidates.filter(({ value }) => isClean(value) && value.startsWith(current))
  return [paths, ...fitting.map(({ value }) => quoted(value.slice(kept.length), quote))]
}

/** zsh quotes, and finds what fits, by itself; a colon begins the description. */
function forZsh({ paths, candidates }: Offer): string[] {
  const lines = candidates.filter(({ value }) => isClean(value))
  return [
    paths,
    ...lines.map(({ value, description }) => {
      const escaped = value.replaceAll(/[\\:]/g, String.raw`\$&`)
      return description === '' ? escaped : `${escaped}:${oneLine(description)}`
    }),
  ]
}

/** So does fish; a tab begins the description. */
function forFish({ paths, candidates }: Offer): string[] {
  const lines = candidates.filter(({ value }) => isClean(value))
  return [
    paths,
    ...lines.map(({ value, description }) => `${value}\t${oneLine(description)}`.trimEnd()),
  ]
}

/** Names from files may hold anything; what has control characters is not for a command line. */
function isClean(value: string): boolean {
  return value !== '' && !/\p{Cc}/u.test(value)
}

/** The first line of a text, as far as a terminal may see it. */
function oneLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line.replaceAll(/\p{Cc}/gu, ' ')
}

/** So that bash takes it for this text, and never for something to expand or to run. */
function quoted(text: string, quote: Typed['quote']): string {
  switch (quote) {
    case '':
      return text.replaceAll(/[^\w@%+=:,./^~-]/gu, String.raw`\$&`)
    case '"':
      return text.replaceAll(/["$`\\]/g, String.raw`\$&`)
    case "'":
      // Closed for one that stands by itself, and opened again.
      return text.replaceAll("'", String.raw`'\''`)
  }
}
