import { type CronLine, readCronLines } from './cron-lines.ts'

/** Whether a crontab has a user before each command, like /etc/crontab, and how torch found out. */
export type CronForm =
  /** A comment names the columns. */
  | { readonly by: 'comment'; readonly system: boolean }
  /** Every entry has an account name where a user would be, and one of them is root, which is not a program. */
  | { readonly by: 'accounts'; readonly system: true; readonly user: string; readonly line: number }
  /** Every entry has an account name where a user would be, but each may also be a program. */
  | { readonly by: 'nothing'; readonly user: string; readonly line: number }
  /** Assumed to have no users, although `line` begins with the account `user`. */
  | {
      readonly by: 'default'
      readonly system: false
      readonly user: string | undefined
      readonly line: number | undefined
    }

/** Guesses the form of a crontab from its text, if its path does not tell. */
export function guessForm(text: string, isAccount: (name: string) => boolean): CronForm {
  const lines = readCronLines(text)
  const named = lines.map(columnsNamed).find((system) => system !== undefined)
  if (named !== undefined) return { by: 'comment', system: named }

  const words = lines.flatMap((line) =>
    line.kind === 'entry' ? [{ ...userColumn(line.rest), line: line.line }] : [],
  )
  // Looking up accounts is slow, but the first entry that has none ends the search.
  const other = words.findIndex(({ user, command }) => !isUser(user, command, isAccount))
  const [first] = words
  const root = words.find(({ user, command }) => user === 'root' && command !== '')
  if (first !== undefined && other === -1) {
    const { user, line } = root ?? first
    return root === undefined
      ? { by: 'nothing', user, line }
      : { by: 'accounts', system: true, user, line }
  }
  return { by: 'default', system: false, user: root?.user, line: root?.line }
}

/** Splits the user from the command. Both may be empty. */
export function userColumn(rest: string): { user: string; command: string } {
  const [, user = '', command = ''] = /^([^ \t]*)[ \t]*(.*)$/s.exec(rest) ?? []
  return { user, command }
}

/** Reads `# m h dom mon dow user command`. False: it names no user; undefined: it names no columns. */
function columnsNamed({ kind, text }: CronLine): boolean | undefined {
  if (kind !== 'comment') return undefined
  const words = text.replace(/^[#\s]+/, '').split(/\s+/)
  const command = words.findIndex((word, index) => index >= 5 && /^<?(?:command|cmd)\b/i.test(word))
  if (command === -1) return undefined
  const hasUser = /^<?(?:user|user-?name|login|who)>?$/i.test(words[command - 1] ?? '')
  const minute = words[command - (hasUser ? 6 : 5)] ?? ''
  return /^(?:\*|m|mins?|minutes?)$/i.test(minute) ? hasUser : undefined
}

function isUser(user: string, command: string, isAccount: (name: string) => boolean): boolean {
  if (command === '') return false
  // `mail -s x` and `backup -v` are commands, although such accounts exist.
  return (
    user === 'root' || (!command.startsWith('-') && /^[a-z_][\w-]*$/i.test(user) && isAccount(user))
  )
}
