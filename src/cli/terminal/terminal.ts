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
  /** Somebody watches: standard error is a terminal. */
  readonly isWatched: boolean
  /** Standard output is a terminal that can be drawn on. */
  readonly isScreen: boolean
  /** What a terminal has of them now; elsewhere they are Infinity. */
  readonly columns: number
  readonly rows: number
  /** The locale has more than ASCII. */
  readonly isUnicode: boolean
  /** Calls back when the terminal gets another size, until what it returns is called. */
  onResize(callback: () => void): () => void
  paint(style: Style, text: string): string
  /** From now on the command goes on when nobody reads its output any more. */
  outlive(): void
}

/** What terminals have had since the VT100. */
const defaultColumns = 80
const defaultRows = 24

/**
 * The terminal of this process. `onDeaf` is called when the reader of standard output is gone, as
 * in `torch history | head -1`, unless the command is to outlive it.
 */
export function openTerminal(onDeaf: () => void): Terminal {
  const { stdout, stderr, env } = process
  const isDumb = env['TERM'] === 'dumb'
  const colours = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && !isDumb
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
    isScreen: stdout.isTTY && !isDumb,
    // Of a terminal that does not know its size both are 0, or not there at all.
    get columns() {
      return stdout.isTTY ? stdout.columns || defaultColumns : Infinity
    },
    get rows() {
      return stdout.isTTY ? stdout.rows || defaultRows : Infinity
    },
    isUnicode: isUtf8(env),
    onResize(callback) {
      stdout.on('resize', callback)
      return () => void stdout.off('resize', callback)
    },
    paint: (style, text) => (colours && text !== '' ? styleText(style, text) : text),
    outlive() {
      outlives = true
    },
  }
}

/** By the first of these that is set: locale(7). */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '')
}
