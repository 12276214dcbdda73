import { expected } from './expected.ts'

/** A problem of an env_file. */
interface EnvFileProblem {
  readonly line: number
  readonly message: string
}

/** execve(2) takes some 2 MB in all, so a larger file is a mistake. */
export const maxEnvFileBytes = 1_000_000

/** A KEY=VALUE, or a line that is not one. */
interface Assignment {
  /** The number of its first line, from 1. */
  readonly line: number
  /** undefined if the line is not a KEY=VALUE. */
  readonly key: string | undefined
  /** As written, with its quotes; undefined if a quote is not closed. */
  readonly value: string | undefined
}

/** The problems of an env_file. They never contain its values, which may be secret. */
export function checkEnvFile(text: string): EnvFileProblem[] {
  return assignmentsOf(text).flatMap(({ line, key, value }) => {
    if (key === undefined) return [{ line, message: 'expected KEY=VALUE' }]
    const problems: EnvFileProblem[] = []
    // The shells between torch and the command drop any other name: see recorder.ts.
    if (!/^\w+$/.test(key)) problems.push({ line, message: `${key}: expected ${expected.envName}` })
    if (key.startsWith('TORCH_')) problems.push({ line, message: `${key}: torch sets it itself` })
    if (value === undefined) problems.push({ line, message: 'the quote is not closed' })
    return problems
  })
}

/**
 * The assignments of an env_file, and nothing else, for util.parseEnv() of Node, which gives the
 * values when a run starts. parseEnv() would take a byte order mark, blanks before a name, and some
 * comments (indented, or in the last line) as parts of a name.
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
    // Blanks at the end of a line do not count, except within quotes that span lines.
    const whole =
      end === at ? first.trimEnd() : [first, ...lines.slice(at + 1, (end ?? at) + 1)].join('\n')
    all.push({ line: at + 1, key, value: end === undefined ? undefined : whole })
    at = end ?? at
  }
  return all
}

const assignment = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*([^]*)$/

/** The line in which the value ends. Only a value in quotes can span several lines. */
function endOfQuotes(lines: readonly string[], at: number, value: string): number | undefined {
  const quote = value.charAt(0)
  if (quote === '' || !`"'\``.includes(quote) || value.includes(quote, 1)) return at
  const end = lines.findIndex((line, index) => index > at && line.includes(quote))
  return end === -1 ? undefined : end
}
