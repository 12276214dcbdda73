import { timeText } from '../record/history/rows.ts'
import { startOfRun } from '../run/directory.ts'
import { followOutput, type Following, type OutputEvent } from './follow-output.ts'
import type { HomeFiles, KeptRun } from './kept-runs.ts'
import { type LineSplitter, newLineSplitter, type OutputLine } from './lines.ts'
import { endOfRun } from './run-end.ts'
import type { RunEvent, RunLine } from './run-event.ts'

/** A run whose lines are followed. */
interface RunLines {
  readonly splitter: LineSplitter
  /** When its last output came, in milliseconds since the epoch. */
  atMs: number
}

/**
 * Follows the lines of runs as they come, and the end of each run; see followOutput(). Gives the events
 * in small batches, because there may be 100,000 lines a second.
 */
export async function* followLines(
  home: HomeFiles,
  following: Following,
): AsyncGenerator<readonly RunEvent[]> {
  const open = new Map<string, RunLines>()
  for await (const event of followOutput(home, following)) {
    const { run } = event.run
    const lines = open.get(run) ?? { splitter: newLineSplitter(), atMs: home.host.clock.now() }
    open.set(run, lines)
    const events = await eventsOf(home, event, lines)
    if (event.kind === 'closed') open.delete(run)
    if (events.length > 0) yield events
  }
}

async function eventsOf(home: HomeFiles, event: OutputEvent, lines: RunLines): Promise<RunEvent[]> {
  const { run } = event
  const shown = (found: readonly OutputLine[]): RunLine[] => {
    const at = timeText(lines.atMs)
    return found.map((line) => lineEvent(run, line, at))
  }
  switch (event.kind) {
    case 'start':
      return [{ event: 'start', ...nameOf(run), at: timeText(startOfRun(run.run)) }]
    case 'output':
      lines.atMs = event.atMs
      return shown(lines.splitter.take(event.piece))
    case 'end': {
      const rest = shown(lines.splitter.rest())
      const end = await endOfRun(home, run)
      return end === undefined ? rest : [...rest, { event: 'end', ...nameOf(run), end }]
    }
    case 'closed':
      return shown(lines.splitter.rest())
  }
}

function nameOf({ task, run }: KeptRun): KeptRun {
  return { task, run }
}

function lineEvent(run: KeptRun, { text, next, isPart }: OutputLine, at: string): RunLine {
  return { event: 'line', ...nameOf(run), line: text, at, next, ...(isPart && { partial: true }) }
}
