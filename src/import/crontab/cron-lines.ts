/** A line of a crontab, by its kind. Fields and values are not checked yet. */
export type CronLine = { readonly line: number; readonly text: string } & (
  | { readonly kind: 'blank' | 'comment' }
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'entry'
      /** Five fields, or a nickname. */
      readonly when: readonly string[]
      /** The command, after the user if the crontab has users. */
      readonly rest: string
      /** A leading `-`: cronie does not log this job to syslog. */
      readonly quiet: boolean
    }
  | { readonly kind: 'wrong'; readonly message: string }
)

/**
 * Splits a crontab into lines as the crons of Linux do. A line never continues on the next one. A byte
 * order mark, and carriage returns at the ends of lines, are removed.
 */
export function readCronLines(text: string): CronLine[] {
  const lines = text.replace(/^\ufeff/, '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line, index) => readLine(line.replace(/\r$/, ''), index + 1))
}

function readLine(whole: string, line: number): CronLine {
  const text = whole.replace(/^[ \t]+/, '')
  if (text === '') return { kind: 'blank', line, text }
  if (text.startsWith('#')) return { kind: 'comment', line, text: text.trimEnd() }
  const variable = readVariable(text)
  if (variable !== undefined) return { kind: 'variable', line, text, ...variable }
  return { line, text, ...readEntry(text) }
}

/**
 * `name = value`, as load_env() of cronie reads it. Both may be in quotes, the value may be empty, and
 * blanks around the `=` are ignored. Quotes keep blanks at the ends of a value. Nothing is expanded.
 */
const assignment =
  /^(?:"([^"=]*)"|'([^'=]*)'|([^\s"'=][^\s=]*|))\s*=\s*(?:"([^"]*)"\s*|'([^']*)'\s*|([^"'].*|))$/s

function readVariable(text: string): { name: string; value: string } | undefined {
  const match = assignment.exec(text)
  if (match === null) return undefined
  const [, double, single, bare = '', inDouble, inSingle, plain = ''] = match
  return {
    name: double ?? single ?? bare,
    value: inDouble ?? inSingle ?? plain.trimEnd(),
  }
}

type Entry =
  | { readonly kind: 'entry'; when: readonly string[]; rest: string; quiet: boolean }
  | { readonly kind: 'wrong'; message: string }

function readEntry(text: string): Entry {
  if (/^["']?[A-Za-z_]\w*["']?\s*=\s*["']/.test(text)) return wrong('the quote is not closed')
  const [, dash = '', when = '', rest = ''] =
    /^(-?)(@[^ \t]*|[^ \t]+(?:[ \t]+[^ \t]+){4})(?:[ \t]+(.*))?$/s.exec(text) ?? []
  if (when === '') return wrong('expected five fields and a command')
  // cron refuses this too: the sixth field would be expanded to file names and run as the command.
  if (rest.startsWith('*')) return wrong('expected five fields and a command; got a sixth field')
  if (rest.trim() === '') return wrong('there is no command')
  return { kind: 'entry', when: when.split(/[ \t]+/), rest, quiet: dash === '-' }
}

function wrong(message: string): Entry {
  return { kind: 'wrong', message }
}
