import type { Host } from '../../host/host.ts'
import { plainLine } from '../../text/sanitize.ts'
import { type LookUp, type Offer, offerAt } from './candidates.ts'
import type { Shell } from './shells.ts'
import { parseSoFar, splitLine, type TypedLine } from './typed-line.ts'

/**
 * What the completion scripts ask for: the lines for a shell, given the command line up to the
 * cursor and, for bash, its COMP_WORDBREAKS. Never throws: nobody wants an error while typing.
 */
export async function complete(
  host: Host,
  [shell = '', line = '', breaks]: readonly (string | undefined)[],
): Promise<string> {
  const typed = splitLine(line, breaks)
  // Loaded only here: commands and options need nothing of it.
  const lookUp: LookUp = async (...asked) =>
    (await import('./existing-names.ts')).lookUpHere(host)(...asked)
  try {
    const offer = await offerAt(parseSoFar(typed.words), typed.current, lookUp)
    return formats[shell as Shell](offer, typed).join('\n')
  } catch {
    return 'none'
  }
}

/** An offer as lines for the script of each shell: the paths to add, then one candidate per line. */
export const formats: Readonly<Record<Shell, (offer: Offer, typed: TypedLine) => string[]>> = {
  bash: forBash,
  zsh: forZsh,
  fish: forFish,
}

/** bash shows no descriptions. It replaces only a part of the word, so it gets only that part. */
function forBash({ paths, candidates }: Offer, { current, kept, quote }: TypedLine): string[] {
  const fitting = candidates.filter(({ value }) => isClean(value) && value.startsWith(current))
  return [paths, ...fitting.map(({ value }) => quoted(value.slice(kept.length), quote))]
}

/** zsh quotes and filters by itself. A colon starts the description. */
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

/** fish quotes and filters by itself too. A tab starts the description. */
function forFish({ paths, candidates }: Offer): string[] {
  const lines = candidates.filter(({ value }) => isClean(value))
  return [
    paths,
    ...lines.map(({ value, description }) => `${value}\t${oneLine(description)}`.trimEnd()),
  ]
}

/** A name from a file may be anything. Control characters do not belong on a command line. */
function isClean(value: string): boolean {
  return value !== '' && plainLine(value) === value
}

/** The first line of a text, without control characters. */
function oneLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return plainLine(line.replaceAll('\t', ' '))
}

/** Quoted so that bash neither expands nor runs anything in it. */
function quoted(text: string, quote: TypedLine['quote']): string {
  switch (quote) {
    case '':
      return text.replaceAll(/[^\w@%+=:,./^~-]/gu, String.raw`\$&`)
    case '"':
      return text.replaceAll(/["$`\\]/g, String.raw`\$&`)
    case "'":
      // The quote is closed, a quote is added, and it is opened again.
      return text.replaceAll("'", String.raw`'\''`)
  }
}
