import { runCommand } from '../../src/cli/run-command.ts'
import { showFailure, type Terminal } from '../../src/cli/terminal/terminal.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'

/** A terminal that records the output. It acts like a pipe unless it is given a size. */
export interface FakeTerminal extends Terminal {
  stdout(): string
  stderr(): string
  /** Changes the size of the window. */
  resize(columns: number, rows: number): void
}

interface Look {
  readonly columns?: number
  readonly rows?: number
  readonly isUnicode?: boolean
  /** Shows styles as `<red>text</>`. */
  readonly colours?: boolean
}

export function fakeTerminal(look: Look = {}): FakeTerminal {
  const size = { columns: look.columns ?? Infinity, rows: look.rows ?? Infinity }
  const texts = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  const out = async (bytes: string | Uint8Array): Promise<void> => {
    texts.stdout += typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')
  }
  return {
    out,
    err: (text) => void (texts.stderr += text),
    say: (line) => out(`${line}\n`),
    note: (line) => void (texts.stderr += `${line}\n`),
    async *input() {},
    isWatched: false,
    isScreen: size.columns !== Infinity,
    get columns() {
      return size.columns
    },
    get rows() {
      return size.rows
    },
    isUnicode: look.isUnicode ?? true,
    onResize(callback) {
      watchers.add(callback)
      return () => void watchers.delete(callback)
    },
    paint: (style, text) => (look.colours ? `<${String(style)}>${text}</>` : text),
    outlive() {},
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    resize(columns, rows) {
      Object.assign(size, { columns, rows })
      for (const callback of watchers) callback()
    },
  }
}

/** Runs a command inside this process; `host` replaces parts of the machine. */
export async function torchHere(
  words: readonly string[],
  { host, terminal, ...look }: Look & { host?: Partial<Host>; terminal?: FakeTerminal } = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const own = terminal ?? fakeTerminal(look)
  const status = await runCommand({ ...thisMachine(), ...host }, own, '0.0.0', words).catch(
    (error: unknown) => showFailure(own, error, false),
  )
  return { status, stdout: own.stdout(), stderr: own.stderr() }
}
