import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Where a command speaks to: its result on standard output, all else on standard error. */
export interface Terminal {
  /** Settles when it is taken, so that a slow reader slows us down. */
  out(bytes: string | Uint8Array): Promise<void>
  err(text: string): void
  /** Both with a line break. */
  say(line: string): Promise<void>
  note(line: string): void
  /** Somebody watches. */
  readonly isWatched: boolean
  paint(style: Style, text: string): string
  /** From now on the command goes on when nobody reads its output any more. */
  outlive(): void
}

/**
 * The terminal of this process. `onDeaf` is called when the reader of standard output is gone, as
 * in `torch history | head -1`, unless the command is to outlive it.
 */
export function openTerminal(onDeaf: () => void): Terminal {
  const { stdout, stderr, env } = process
  const colours = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  let deaf = false
  let outlives = false
  stdout.on('error', () => {
    deaf = true
    if (!outlives) onDeaf()
  })
  stderr.on('error', () => {})
  const out = (bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      if (deaf) return resolve()
      stdout.write(bytes, () => resolve())
    })
  const err = (text: string): void => void stderr.write(text)
  return {
    out,
    err,
    say: (line) => out(`${line}\n`),
    note: (line) => err(`${line}\n`),
    isWatched: stderr.isTTY,
    paint: (style, text) => (colours ? styleText(style, text) : text),
    outlive() {
      outlives = true
    },
  }
}
