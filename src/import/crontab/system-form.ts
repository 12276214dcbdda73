import { type CronLine, readCronLines } from './cron-lines.ts'

/** Whether a crontab has a user before each command, as /etc/crontab and /etc/cron.d have. */
export type CronForm =
  /** A comment says which columns there are. */
  | { readonly by: 'comment'; readonly system: boolean }
  /** Every word where a user would be is an account. */
  | { readonly by: 'accounts'; readonly system: true; readonly user: string; readonly line: number }
  /** The usual form; `user` is one all the same, and `line` where. */
  | {
      readonly by: 'default'
      readonly system: false
      readonly user: string | undefined
      readonly line: number | undefined
    }

/** Finds out the form of a crontab whose place does not tell it. */
export function guessForm(text: string, isAccount: (name: string) => boolean): CronForm {
  const lines = readCronLines(text)
  const named = lines.map(columnsNamed).find((system) => system !== undefined)
  if (named !== undefined) return { by: 'comment', system: named }

  const words = lines.flatMap((line) =>
    line.kind === 'entry' ? [{ ...userColumn(line.rest), line: line.line }] : [],
  )
  // Few words of a command are also names of accounts, so that one account more is rarely asked for.
  const other = words.findIndex(({ user, command }) => !isUser(user, command, isAccount))
  const [first] = words
  if (first !== undefined && other === -1)
    return { by: 'accounts', system: true, user: first.user, line: first.line }
  const root = words.find(({ user, command }) => user === 'root' && command !== '')
  return { by: 'default', system: false, user: root?.user, line: root?.line }
}

/** Takes the user off; both may be empty. */
export function userColumn(rest: string): { user: string; command: string } {
  const [, user = '', command = ''] = /^([^ \t]*)[ \t]*(.*)$/s.exec(rest) ?? []
  return { user, command }
}

/** `# m h dom mon dow user command`, with five columns before; false where there is no user. */
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
  // `mail -s x` and `backup -v` are commands, although there are such accounts.
  if (command === '' || command.startsWith('-')) return false
  return user === 'root' || (/^[a-z_][\w-]*$/i.test(user) && isAccount(user))
}
