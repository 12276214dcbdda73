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
  /** A job of an anacrontab. */
  | { readonly kind: 'anacron' }
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
  /^(?:"([^"=]*)"|'([^'=]*)'|([^ \t"'=][^ \t=]*|))[ \t]*=[ \t]*(?:"([^"]*)"[ \t]*|'([^']*)'[ \t]*|((?![ \t"']).*))$/s

function readVariable(text: string): { name: string; value: string } | undefined {
  const match = assignment.exec(text)
  if (match === null) return undefined
  const [, double, single, bare = '', inDouble, inSingle, plain = ''] = match
  return {
    name: double ?? single ?? bare,
    value: inDouble ?? inSingle ?? withoutBlanks(plain),
  }
}

/** Without the blanks of cron at both ends. Other blanks of Unicode are a part of the text. */
export function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')
}

type Entry =
  | { readonly kind: 'entry'; when: readonly string[]; rest: string; quiet: boolean }
  | { readonly kind: 'anacron' }
  | { readonly kind: 'wrong'; message: string }

/**
 * `7 25 cron.weekly COMMAND` of anacrontab(5): a period in days, a delay in minutes, an id. In a crontab
 * no word stands in the third field, and no number is a command.
 */
const anacronJob =
  /^(?:\d+|@(?:dai|week|month|year|annual)ly)[ \t]+\d+[ \t]+[A-Za-z][^ \t,]*[ \t]+(?![\d*?])[^ \t]/

function readEntry(text: string): Entry {
  if (anacronJob.test(text)) return { kind: 'anacron' }
  if (/^["']?[A-Za-z_]\w*["']?\s*=\s*["']/.test(text)) return wrong('the quote is not closed')
  const [, dash = '', when = '', rest = ''] =
    /^(-?)(@[^ \t]*|[^ \t]+(?:[ \t]+[^ \t]+){4})(?:[ \t]+(.*))?$/s.exec(text) ?? []
  if (when === '') return wrong('expected five fields and a command')
  // cron refuses this too: the sixth field would be expanded to file names and run as the command.
  if (rest.startsWith('*')) return wrong('expected five fields and a command; got a sixth field')
  if (withoutBlanks(rest) === '') return wrong('there is no command')
  return { kind: 'entry', when: when.split(/[ \t]+/), rest, quiet: dash === '-' }
}

function wrong(message: string): Entry {
  return { kind: 'wrong', message }
}
