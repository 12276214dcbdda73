/** A line of a crontab by what cron(8) takes it for; nothing in it is judged yet. */
export type CronLine = { readonly line: number; readonly text: string } & (
  | { readonly kind: 'blank' | 'comment' }
  | { readonly kind: 'variable'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'entry'
      /** Five fields, or one nickname. */
      readonly when: readonly string[]
      /** The user, in the form that has one, and the command. */
      readonly rest: string
      /** A `-` before it: cronie is to write no line to syslog. */
      readonly quiet: boolean
    }
  | { readonly kind: 'wrong'; readonly message: string }
)

/**
 * Takes a crontab apart as the crons of Linux do. There is no continuation of lines. A carriage
 * return at the end of a line, and a byte order mark, are left out.
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
 * `name = value`, each of them in quotes or not, blanks around the `=` or not; nothing is expanded.
 * Quotes keep blanks at the ends of a value. As load_env() of cronie, which also takes `NAME=`.
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
  // cron's own guard against six fields: the command would be the name of some file.
  if (rest.startsWith('*')) return wrong('a sixth field: cron has five, and then the command')
  if (rest.trim() === '') return wrong('there is no command')
  return { kind: 'entry', when: when.split(/[ \t]+/), rest, quiet: dash === '-' }
}

function wrong(message: string): Entry {
  return { kind: 'wrong', message }
}
