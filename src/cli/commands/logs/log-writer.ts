import { hash32 } from '../../../text/hash.ts'
import type { KeptRun } from '../../daemon/kept-runs.ts'
import type { Style, Terminal } from '../../terminal/terminal.ts'

/** Where the output of runs goes. Bytes that are no text pass. */
export interface LogWriter {
  write(run: KeptRun, bytes: Uint8Array): Promise<void>
  /** The run is over, or all that it wrote so far is shown: what has no line break gets one. */
  end(run: KeptRun): Promise<void>
}

type Out = Pick<Terminal, 'out' | 'note' | 'paint' | 'isScreen' | 'isWatched'>

/**
 * The output as it is. Where it goes on with another run than `first`, that is said: in the output
 * itself, or, for somebody who watches, beside it.
 */
export function plainWriter(
  terminal: Out,
  heads: 'within' | 'beside',
  first: KeptRun | undefined,
): LogWriter {
  let shown = heads === 'beside' ? first?.run : undefined
  let isAtStart = true
  const sayHead = async (run: KeptRun): Promise<void> => {
    if (shown === run.run) return
    const head = headOf(run)
    if (heads === 'within')
      await terminal.out(`${isAtStart ? '' : '\n'}${terminal.paint('bold', head)}\n`)
    else if (terminal.isWatched) terminal.note(head)
    isAtStart = true
    shown = run.run
  }
  return {
    async write(run, bytes) {
      await sayHead(run)
      isAtStart = bytes.at(-1) === newline
      await terminal.out(bytes)
    },
    // A run without output is said to be one.
    end: (run) => (heads === 'within' ? sayHead(run) : Promise.resolve()),
  }
}

/** A line that is longer is shown in parts. */
const maxLineBytes = 64 * 1024

/**
 * Each line with the name of its task before it, in a colour of its own and in one column with
 * those of `names`; `withHeads`: a line at the beginning of each run says which it is. A line is shown
 * when it is whole.
 */
export function prefixWriter(
  terminal: Out,
  names: readonly string[],
  withHeads: boolean,
): LogWriter {
  let width = Math.max(0, ...names.map((name) => name.length))
  const rests = new Map<string, Buffer>()
  const begun = new Set<string>()
  const prefixOf = (task: string): string => {
    width = Math.max(width, task.length)
    return `${terminal.paint(styleOf(task), `${task.padEnd(width)} |`)} `
  }
  const beginning = (run: KeptRun): Buffer[] => {
    if (!withHeads || begun.has(run.run)) return []
    begun.add(run.run)
    return [Buffer.from(`${prefixOf(run.task)}${terminal.paint('dim', headOf(run))}\n`)]
  }
  const shown = (run: KeptRun, lines: readonly Buffer[]): Promise<void> | undefined => {
    const prefix = Buffer.from(prefixOf(run.task))
    const parts = lines.flatMap((line) => [prefix, terminal.isScreen ? tamed(line) : line, lineEnd])
    const all = [...beginning(run), ...parts]
    return all.length === 0 ? undefined : terminal.out(Buffer.concat(all))
  }
  return {
    async write(run, bytes) {
      const lines = linesOf(Buffer.concat([rests.get(run.run) ?? Buffer.alloc(0), bytes]))
      const rest = lines.pop() ?? Buffer.alloc(0)
      const isLong = rest.length > maxLineBytes
      rests.set(run.run, isLong ? Buffer.alloc(0) : rest)
      await shown(run, isLong ? [...lines, rest] : lines)
    },
    async end(run) {
      const rest = rests.get(run.run) ?? Buffer.alloc(0)
      rests.delete(run.run)
      await shown(run, rest.length === 0 ? [] : [rest])
    },
  }
}

const newline = 10
const lineEnd = Buffer.from('\n')

function headOf({ task, run }: KeptRun): string {
  return `==> ${task} ${run} <==`
}

/** The last one has no line break behind it; it may be empty. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return [...lines, bytes.subarray(start)]
}

/** Colours end with their line, and what was written over before the end of the line is not shown. */
function tamed(line: Buffer): Buffer {
  const whole = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
  const last = whole.subarray(whole.lastIndexOf(carriageReturn) + 1)
  return last.includes(escape) ? Buffer.concat([last, reset]) : last
}

const carriageReturn = 13
const escape = 27
const reset = Buffer.from('\u001b[0m')

/** Red is left to what went wrong. */
const styles: readonly Style[] = [
  'cyan',
  'yellow',
  'green',
  'magenta',
  'blue',
  'cyanBright',
  'yellowBright',
  'greenBright',
  'magentaBright',
  'blueBright',
]

/** The same for a task at all times. */
function styleOf(task: string): Style {
  return styles[hash32(task) % styles.length] ?? 'cyan'
}
