import type { Terminal } from './terminal.ts'

/** The whole of a terminal, drawn again and again. */
export interface Screen {
  /** Shows these lines, as many as there are rows, each as far as it fits; nothing while it is closed. */
  draw(lines: readonly string[]): Promise<void>
  /** Gives the terminal back as it was. */
  close(): Promise<void>
  /** Takes it again. */
  open(): Promise<void>
}

/*
 * The sequences are those of xterm, which terminals and multiplexers of today know:
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
/** The alternate screen; no cursor; what is too long is cut, not continued below. */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l'
const home = '\u001b[H'
const clearLine = '\u001b[2K'
const clearBelow = '\u001b[J'

/** Takes the whole terminal. Close it in any case. */
export async function openScreen(terminal: Pick<Terminal, 'out' | 'rows'>): Promise<Screen> {
  let isOpen = false
  const turn = (open: boolean): Promise<void> => {
    isOpen = open
    return terminal.out(open ? enter : leave)
  }
  await turn(true)
  return {
    async draw(lines) {
      if (!isOpen) return
      // Each line is cleared before it is written: behind one that is cut there is nothing to clear.
      const shown = lines.slice(0, terminal.rows).map((line) => clearLine + line)
      const below = shown.length < terminal.rows ? [clearBelow] : []
      await terminal.out(home + [...shown, ...below].join('\r\n'))
    },
    close: () => turn(false),
    open: () => turn(true),
  }
}
