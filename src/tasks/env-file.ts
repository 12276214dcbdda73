/** A line of an env_file that is no KEY=VALUE. */
export interface EnvFault {
  readonly line: number
  readonly message: string
}

/** execve(2) takes some 2 MB in all: a larger file is not meant. */
export const maxEnvFileBytes = 1_000_000

/** What may stand before the `=`, as util.parseEnv() of Node reads it, which gives the values at a start. */
const assignment = /^(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)$/

/** The faults of an env_file; never its values, which may be secret. */
export function checkEnvFile(text: string): EnvFault[] {
  const faults: EnvFault[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').trim()
    if (line === '' || line.startsWith('#')) continue
    const [, key, value = ''] = assignment.exec(line) ?? []
    if (key === undefined) {
      faults.push({ line: at + 1, message: 'expected KEY=VALUE' })
      continue
    }
    if (key.startsWith('TORCH_')) {
      faults.push({ line: at + 1, message: `${key} is for torch to set` })
    }
    const end = endOfQuotes(lines, at, value)
    if (end === undefined) faults.push({ line: at + 1, message: 'the quote is not closed' })
    else at = end
  }
  return faults
}

/** The line in which the value ends: only one in quotes can go on over several. */
function endOfQuotes(lines: readonly string[], at: number, value: string): number | undefined {
  const quote = value.charAt(0)
  if (quote === '' || !`"'\``.includes(quote) || value.includes(quote, 1)) return at
  const end = lines.findIndex((line, index) => index > at && line.includes(quote))
  return end === -1 ? undefined : end
}
