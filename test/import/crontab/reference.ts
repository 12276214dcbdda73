/*
 * A second cron, as literally as possible after crontab(5): it compares an entry with the wall clock
 * minute by minute, and reads `%` character by character. It shares nothing with src.
 */

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const days = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')

/** "These special time specifications replace the 5 initial time and date fields." */
const nicknames: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** True if cron starts the entry in the minute that begins at this wall clock time, counted as if it were UTC. */
export function cronMatcher(when: string): (local: number) => boolean {
  const [minute, hour, dayOfMonth, month, dayOfWeek] = (nicknames[when] ?? when)
    .trim()
    .split(/[ \t]+/)
  const minutes = setOf(minute!, 0, 59, [])
  const hours = setOf(hour!, 0, 23, [])
  const monthDays = setOf(dayOfMonth!, 1, 31, [])
  const monthSet = setOf(month!, 1, 12, months)
  const weekDays = setOf(dayOfWeek!, 0, 7, days)
  // "0 or 7 is Sunday"
  if (weekDays.has(7)) weekDays.add(0)
  // "If both fields are restricted (i.e., do not begin with *), the command will be run when either
  // field matches the current time."
  const either = !dayOfMonth!.startsWith('*') && !dayOfWeek!.startsWith('*')
  return (local) => {
    if (!minutes.has(Math.floor(local / 60) % 60)) return false
    if (!hours.has(Math.floor(local / 3600) % 24)) return false
    const date = new Date(local * 1000)
    if (!monthSet.has(date.getUTCMonth() + 1)) return false
    const onDate = monthDays.has(date.getUTCDate())
    const onDay = weekDays.has(date.getUTCDay())
    return either ? onDate || onDay : onDate && onDay
  }
}

/** Lists of numbers, ranges with steps, and names. "Steps are also permitted after an asterisk." */
function setOf(list: string, first: number, last: number, names: readonly string[]): Set<number> {
  const numberOf = (word: string): number => {
    const named = names.findIndex((name) => name.toLowerCase() === word.toLowerCase())
    return named === -1 ? Number(word) : named + first
  }
  const values = new Set<number>()
  for (const item of list.split(',')) {
    const [range = '', step = '1'] = item.split('/')
    const [low, high] = range === '*' ? [first, last] : range.split('-').map(numberOf)
    for (let value = low!; value <= (high ?? low!); value += Number(step)) values.add(value)
  }
  return values
}

/** The loops of do_command() of cron, character by character. */
export function cronPercent(text: string): { command: string; input: string } {
  let command = ''
  let at = 0
  for (let escaped = false; at < text.length; at++) {
    const char = text.charAt(at)
    if (!escaped && char === '%') break
    if (escaped && char === '%') command = command.slice(0, -1)
    command += char
    escaped = !escaped && char === '\\'
  }
  let input = ''
  let escaped = false
  for (const char of text.slice(at + 1)) {
    if (escaped && char !== '%') input += '\\'
    const written: string = !escaped && char === '%' ? '\n' : char
    escaped = written === '\\'
    if (!escaped) input += written
  }
  if (escaped) input += '\\'
  return { command, input: input === '' || input.endsWith('\n') ? input : `${input}\n` }
}
