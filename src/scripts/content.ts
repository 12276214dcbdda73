/** How many bytes of a file are enough for the functions here. */
export const headBytes = 1024

/**
 * Whether a file begins like a web page. A portal or a login page often answers every address with one
 * and status 200.
 */
export function isWebPage(head: Buffer): boolean {
  const text = head.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '')
  return /^\s*<(?:!doctype|html)\b/i.test(text)
}

/** Whether the system can execute a file that begins so: a script with `#!`, or an ELF program. */
export function isProgram(head: Buffer): boolean {
  const magic = head.subarray(0, 4).toString('latin1')
  return magic.startsWith('#!') || magic === '\x7fELF'
}

/** What a task without `command` needs. */
export const notProgramWords =
  'it does not begin with #!, and is not an ELF program: give the task a command, such as sh "$TORCH_SCRIPT"'
