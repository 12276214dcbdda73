import { words } from './expected.ts'

/** A line of an env_file that is no KEY=VALUE. */
export interface EnvFault {
  readonly line: number
  readonly message: string
}

/** execve(2) takes some 2 MB in all: a larger file is not meant. */
export const maxEnvFileBytes = 1_000_000

/** A KEY=VALUE, or what stands in its place. */
interface Assignment {
  /** Of its first line, from 1. */
  readonly line: number
  readonly key: string | undefined
  /** As written, quotes and all; undefined where its quote is not closed. */
  readonly value: string | undefined
}

/** The faults of an env_file; never its values, which may be secret. */
export function checkEnvFile(text: string): EnvFault[] {
  return assignmentsOf(text).flatMap(({ line, key, value }) => {
    if (key === undefined) return [{ line, message: 'expected KEY=VALUE' }]
    const faults: EnvFault[] = []
    // The shells between torch and the command pass on no other: see recorder.ts.
    if (!/^\w+$/.test(key)) faults.push({ line, message: `${key}: expected ${words.envName}` })
    if (key.startsWith('TORCH_')) faults.push({ line, message: `${key} is for torch to set` })
    if (value === undefined) faults.push({ line, message: 'the quote is not closed' })
    return faults
  })
}

/**
 * An env_file for util.parseEnv() of Node, which gives the values at a start: its assignments and
 * nothing else. That takes a byte order mark, blanks before a name, and comments that are indented
 * or in the last line for parts of a name.
 */
export function plainEnv(text: string): string {
  return assignmentsOf(text)
    .map(({ key, value }) => (key === undefined || value === undefined ? '' : `${key}=${value}\n`))
    .join('')
}

function assignmentsOf(text: string): Assignment[] {
  const all: Assignment[] = []
  const lines = text.replace(/^\ufeff/, '').split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').trimStart()
    if (line === '' || line.startsWith('#')) continue
    const [, key, first = ''] = assignment.exec(line) ?? []
    const end = endOfQuotes(lines, at, first)
    // Blanks at the end of a line are nothing, but within quotes that go on.
    const whole =
      end === at ? first.trimEnd() : [first, ...lines.slice(at + 1, (end ?? at) + 1)].join('\n')
    all.push({ line: at + 1, key, value: end === undefined ? undefined : whole })
    at = end ?? at
  }
  return all
}

const assignment = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*([^]*)$/

/** The line in which the value ends: only one in quotes can go on over several. */
function endOfQuotes(lines: readonly string[], at: number, value: string): number | undefined {
  const quote = value.charAt(0)
  if (quote === '' || !`"'\``.includes(quote) || value.includes(quote, 1)) return at
  const end = lines.findIndex((line, index) => index > at && line.includes(quote))
  return end === -1 ? undefined : end
}
