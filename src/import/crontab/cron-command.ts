/** The two parts of what stands behind the time of an entry. */
export interface CronCommand {
  readonly command: string
  /** What cron writes to its standard input; empty for nothing. */
  readonly input: string
}

/**
 * Takes a command apart at its first `%`, as do_command() of cronie does: a `\%` is a plain `%`, a
 * further `%` is the end of a line of the input, whose last line gets one in any case. In the
 * command itself a backslash escapes another one, so that the `%` of `\\%` is one; in the input not.
 */
export function splitPercent(text: string): CronCommand {
  const [head = ''] = /^(?:\\[^]|[^%\\]|\\$)*/.exec(text) ?? []
  const command = head.replaceAll(/\\([^])/g, (pair, char) => (char === '%' ? '%' : pair))
  const tail = text.slice(head.length + 1)
  const input = tail.replaceAll(/\\%|%/g, (found) => (found === '%' ? '\n' : '%'))
  return { command, input: input === '' || input.endsWith('\n') ? input : `${input}\n` }
}

/** Shells that know a here-document as sh does. */
export function hasHereDocuments(shell: string): boolean {
  return /\/(?:a|ba|da|k|mk|ok|pdk|posh|ya|z)?sh(?:[\d.]+)?$/.test(shell)
}

/**
 * A command of a shell that reads this input. The shell's own standard input is the here-document,
 * so that every program of the command sees it, as in cron, and the command stays as it is.
 */
export function withInput({ command, input }: CronCommand): string {
  if (input === '') return command
  const lines = new Set(input.split('\n'))
  let end = 'EOF'
  for (let more = 2; lines.has(end); more++) end = `EOF${more}`
  return `exec <<'${end}'\n${input}${end}\n${command}`
}
