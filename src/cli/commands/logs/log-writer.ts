import { hash32 } from '../../../text/hash.ts'
import type { KeptRun } from '../../../follow/kept-runs.ts'
import { cutMark, cutText } from '../../terminal/table.ts'
import type { Style, Terminal } from '../../terminal/terminal.ts'

/** Prints the output of runs. Bytes that are not text pass unchanged. */
export interface LogWriter {
  write(run: KeptRun, bytes: Uint8Array): Promise<void>
  /** Ends the run: an unfinished line gets a line break. */
  end(run: KeptRun): Promise<void>
}

type Out = Pick<Terminal, 'out' | 'note' | 'paint' | 'isScreen' | 'isWatched' | 'isUnicode'>

/**
 * Prints output unchanged. When it comes from another run than before (`first` at the beginning), a
 * heading names the run: within the output, or beside it on standard error, if that is a terminal.
 */
export function plainWriter(
  terminal: Out,
  headings: 'within' | 'beside',
  first: KeptRun | undefined,
): LogWriter {
  let shown = headings === 'beside' ? first?.run : undefined
  let isAtStart = true
  const showHeading = async (run: KeptRun): Promise<void> => {
    if (shown === run.run) return
    const heading = headingOf(run)
    if (headings === 'within')
      await terminal.out(`${isAtStart ? '' : '\n'}${terminal.paint('bold', heading)}\n`)
    else if (terminal.isWatched) terminal.note(heading)
    isAtStart = true
    shown = run.run
  }
  return {
    async write(run, bytes) {
      await showHeading(run)
      isAtStart = bytes.at(-1) === newline
      await terminal.out(bytes)
    },
    // A run without output has a heading too.
    end: (run) => (headings === 'within' ? showHeading(run) : Promise.resolve()),
  }
}

/** The most characters of a task before a line. Longer names are cut in the middle. */
const maxPrefixWidth = 32
/** Longer lines are printed in parts. */
const maxLineBytes = 64 * 1024

/**
 * Prints each line after the name of its task, as soon as the line is complete. Names have the width
 * of the longest of `names`, up to a limit, and each has its own colour. `withHeadings`: each run begins with a heading.
 */
export function prefixWriter(
  terminal: Out,
  names: readonly string[],
  withHeadings: boolean,
): LogWriter {
  const shortOf = (name: string): string =>
    cutText(name, maxPrefixWidth, 'middle', cutMark(terminal.isUnicode))
  let width = Math.max(0, ...names.map((name) => shortOf(name).length))
  const rests = new Map<string, Buffer>()
  const started = new Set<string>()
  const prefixOf = (task: string): string => {
    const name = shortOf(task)
    width = Math.max(width, name.length)
    return `${terminal.paint(styleOf(task), `${name.padEnd(width)} |`)} `
  }
  const headingOnce = (run: KeptRun): Buffer[] => {
    if (!withHeadings || started.has(run.run)) return []
    started.add(run.run)
    return [Buffer.from(`${prefixOf(run.task)}${terminal.paint('dim', headingOf(run))}\n`)]
  }
  const shown = (run: KeptRun, lines: readonly Buffer[]): Promise<void> | undefined => {
    const prefix = Buffer.from(prefixOf(run.task))
    const parts = lines.flatMap((line) => [
      prefix,
      terminal.isScreen ? safeLine(line) : line,
      lineEnd,
    ])
    const all = [...headingOnce(run), ...parts]
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

function headingOf({ task, run }: KeptRun): string {
  return `==> ${task} ${run} <==`
}

/** The last element is the unfinished line after the last line break; it may be empty. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return [...lines, bytes.subarray(start)]
}

/** Ends colours with the line, and drops text that a carriage return overwrites. */
function safeLine(line: Buffer): Buffer {
  const whole = line.at(-1) === carriageReturn ? line.subarray(0, -1) : line
  const last = whole.subarray(whole.lastIndexOf(carriageReturn) + 1)
  return last.includes(escape) ? Buffer.concat([last, reset]) : last
}

const carriageReturn = 13
const escape = 27
const reset = Buffer.from('\u001b[0m')

/** Without red, which means an error. */
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

/** A task always has the same colour. */
function styleOf(task: string): Style {
  return styles[hash32(task) % styles.length] ?? 'cyan'
}
