import { styleText } from 'node:util'
import { exitStatus, messageOf, TorchError } from '../../errors.ts'
import { standardInput } from '../../host/read-file.ts'
import { journalPriority, leadsToJournal } from '../../host/systemd-journal.ts'
import { hasCode } from '../../host/system-error.ts'
import { plainLine, plainText } from '../../text/sanitize.ts'

export type Style = Parameters<typeof styleText>[0]

/** Where a command writes its result (standard output) and everything else (standard error), and what it reads. */
export interface Terminal {
  /** Resolves when the bytes are taken, so that a slow reader slows the command down. */
  out(bytes: string | Uint8Array): Promise<void>
  err(text: string): void
  /** Writes a line to standard output. */
  say(line: string): Promise<void>
  /** Writes a line to standard error. */
  note(line: string): void
  /** What comes on standard input, until its end. */
  input(): AsyncIterable<unknown>
  /** Somebody watches: standard error is a terminal. */
  readonly isWatched: boolean
  /** Standard output is a terminal that can be drawn on. */
  readonly isScreen: boolean
  /** The size of the terminal now; Infinity if standard output is not a terminal. */
  readonly columns: number
  readonly rows: number
  /** The locale has more than ASCII. */
  readonly isUnicode: boolean
  /** Calls back when the size changes. Returns what ends that. */
  onResize(callback: () => void): () => void
  paint(style: Style, text: string): string
  /** From now on the command continues even if nobody reads its output any more. */
  outlive(): void
}

const stderrDescriptor = 2
/** The size of a VT100. */
const defaultColumns = 80
const defaultRows = 24

/**
 * The terminal of this process. It calls `onReaderGone` when nobody reads standard output any more,
 * as in `torch history | head -1`, unless the command is to outlive its reader.
 */
export function openTerminal(onReaderGone: () => void): Terminal {
  const { stdout, stderr, env } = process
  const isDumb = env['TERM'] === 'dumb'
  const isColoured = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && !isDumb
  let isReaderGone = false
  let outlives = false
  stdout.on('error', () => {
    isReaderGone = true
    if (!outlives) onReaderGone()
  })
  stderr.on('error', () => {})
  const out = (bytes: string | Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      if (isReaderGone) return resolve()
      stdout.write(bytes, () => resolve())
    })
  const err = (text: string): void => void stderr.write(text)
  return {
    out,
    err,
    say: (line) => out(`${line}\n`),
    note: (line) => err(`${line}\n`),
    input: standardInput,
    isWatched: stderr.isTTY,
    isScreen: stdout.isTTY && !isDumb,
    // A terminal that does not know its size says 0 or nothing.
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
    paint: (style, text) => (isColoured && text !== '' ? styleText(style, text) : text),
    outlive() {
      outlives = true
    },
  }
}

/** The first of these variables that is set decides: locale(7). */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '')
}

/**
 * Shows why a command failed: one line what happened, one line what to try. Returns the exit status.
 * Errors quote what was typed and what files say; control characters in it do not reach the terminal.
 */
export function showFailure(terminal: Terminal, error: unknown, verbose: boolean): number {
  const priority = leadsToJournal(stderrDescriptor) ? journalPriority.error : ''
  const note = (text: string): void => terminal.note(text.replace(/^/gm, priority))
  if (error instanceof TorchError) {
    for (const line of error.details) note(line)
    note(`torch: ${plainLine(error.message)}`)
    if (error.hint !== undefined) note(`hint: ${plainLine(error.hint)}`)
  } else {
    note(`torch: ${plainText(messageOf(error))}`)
    if (hasCode(error, 'ERR_MODULE_NOT_FOUND'))
      note('hint: torch is not installed completely; in a clone, run npm ci')
    else if (!verbose) note('hint: --verbose shows where this comes from')
  }
  if (verbose) note(stackOf(error))
  return error instanceof TorchError ? error.exit : exitStatus.failed
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** The whole terminal, drawn again and again. */
export interface Screen {
  /** Draws as many of these lines as there are rows, each as far as it fits. A closed screen ignores it. */
  draw(lines: readonly string[]): Promise<void>
  /** Gives the terminal back as it was. */
  close(): Promise<void>
  /** Takes the terminal again. */
  open(): Promise<void>
}

/*
 * These are the sequences of xterm, which today's terminals and multiplexers know:
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
/** The alternate screen, no cursor, and long lines are cut instead of wrapped. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const clearLine = '\u001b[2K'
const clearBelow = '\u001b[J'

/** Takes the whole terminal. Whoever calls this must close it, whatever happens. */
export async function openScreen(terminal: Pick<Terminal, 'out' | 'rows'>): Promise<Screen> {
  let isOpen = false
  const set = (open: boolean): Promise<void> => {
    isOpen = open
    return terminal.out(open ? enter : leave)
  }
  await set(true)
  return {
    async draw(lines) {
      if (!isOpen) return
      // A line is cleared before it is written: a cut line ends at the edge, where clearing does nothing.
      const shown = lines.slice(0, terminal.rows).map((line) => clearLine + line)
      const below = shown.length < terminal.rows ? [clearBelow] : []
      await terminal.out(home + [...shown, ...below].join('\r\n'))
    },
    close: () => set(false),
    open: () => set(true),
  }
}
