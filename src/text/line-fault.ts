/** The longest line or message that torch sends, in bytes. Larger data stays in a file, and its path is sent. */
export const maxLineBytes = 65_536

/** Why text cannot be sent as one line, or as one message; undefined if it can. */
export function lineFault(line: string | Buffer): string | undefined {
  if (line.includes('\0')) return 'has a NUL character'
  if (line.includes('\n')) return 'has a line break'
  const bytes = Buffer.byteLength(line)
  return bytes > maxLineBytes
    ? `has ${bytes} bytes, and at most ${maxLineBytes} are sent`
    : undefined
}
