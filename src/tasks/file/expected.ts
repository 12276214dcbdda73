/**
 * What is expected where, in torch's own words: `expected <these>; got "three"`. The schema gives
 * them to its parts, and the hints know them again.
 */
export const words = {
  map: 'a map',
  list: 'a list',
  text: 'text that is not empty',
  flag: 'true or false',
  duration: 'a duration with a unit, such as 30s, 5m or 1h30m',
  longDuration: 'a duration of more than 0, such as 30s, 5m or 1h30m',
  size: 'a size with a unit, such as 512kB, 10MB or 1GiB',
  seconds: 'a whole number of seconds of at least 1, or a duration such as 5m',
  max: 'a whole number of at least 1, or "unlimited"',
  command: 'a command: text for the shell, or a list of words',
  schedule: 'a schedule such as "30 2 * * *", or a list of them',
  shell: 'an absolute path, such as /bin/bash',
  umask: 'octal digits from 0 to 0777, such as 022',
  account: 'a name or a number',
  envName: 'a name of letters, digits and _ that does not begin with a digit',
  envOwn: 'a name that does not begin with TORCH_, which is for torch to set',
  scalar: 'text, a number, true or false',
  labelName: 'a name without blanks or =',
  taskName: 'a name of at most 100 letters, digits, ".", "_" and "-", the first a letter or digit',
  groupName: 'a name of letters, digits, "_" and "-"',
  entries: 'a list of at least one group, address, CIDR block, host name or pattern',
  entry: 'a group, address, CIDR block, host name or pattern',
  network: 'an address, or a CIDR block with a prefix of at most 32 (IPv6: 128)',
  codes: 'a list of at least one exit code',
  code: 'an exit code from 0 to 255',
} as const

/** What to write instead, where that can be guessed; without a full stop. */
export function hintFor(expected: string, found: unknown): string | null {
  const number = typeof found === 'number' || (typeof found === 'string' && /^\d+$/.test(found))
  switch (expected) {
    case words.duration:
    case words.longDuration:
      return number ? `did you mean "${String(found)}s"?` : null
    case words.size:
      return number ? `did you mean "${String(found)}MB"?` : null
    case words.flag:
      return typeof found === 'string' ? flagHint(found.toLowerCase()) : null
    case words.text:
      return typeof found === 'number' || typeof found === 'boolean' ? 'put it in quotes' : null
    case words.entries:
      return typeof found === 'string' ? `did you mean [${JSON.stringify(found)}]?` : null
    case words.scalar:
      return found === null ? 'write "" for an empty value' : null
    default:
      return null
  }
}

/** `"skip", "queue" or "replace"` */
export function listOf(choices: readonly string[]): string {
  return choices.length < 2
    ? choices.join('')
    : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

function flagHint(found: string): string | null {
  if (['yes', 'y', 'on'].includes(found)) return 'did you mean true?'
  if (['no', 'n', 'off'].includes(found)) return 'did you mean false?'
  return null
}
