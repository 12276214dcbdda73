import { newLineSplitter, type LineSplitter, type OutputLine } from '../../../follow/lines.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { prefixWriter } from '../logs/log-writer.ts'
import type { LogPart } from './fleet-access.ts'

/** Prints what machines print. */
export type LogPrinter = (host: string, part: LogPart) => Promise<void>

/** Each line after its machine and task. */
export function linesPrinter(terminal: Terminal): LogPrinter {
  const writer = prefixWriter(terminal, [], false)
  return async (host, part) => {
    const named = { task: `${plainLine(host)} ${part.task}`, run: part.run }
    if (part.kind === 'output') await writer.write(named, part.bytes)
    if (part.kind === 'end') await writer.end(named)
  }
}

/** A JSON object for each line, and one for the end of a run: as torch logs -f --json, with `host`. */
export function jsonPrinter(terminal: Terminal, now: () => string): LogPrinter {
  const splitters = new Map<string, { readonly splitter: LineSplitter; at: string }>()
  return async (host, part) => {
    const { task, run } = part
    const known = splitters.get(run) ?? { splitter: newLineSplitter(), at: now() }
    const textOf = ({ text: line, isPart }: OutputLine): string =>
      `${JSON.stringify({ host, task, run, line, at: known.at, ...(isPart && { partial: true }) })}\n`
    switch (part.kind) {
      case 'start':
        return
      case 'output': {
        splitters.set(run, known)
        known.at = part.at ?? now()
        const bytes = Buffer.from(part.bytes)
        const lines = known.splitter.take({ bytes, begin: 0, end: bytes.length })
        return terminal.out(lines.map(textOf).join(''))
      }
      case 'end': {
        splitters.delete(run)
        const end = `${JSON.stringify({ host, task, run, end: part.row })}\n`
        return terminal.out([...known.splitter.rest().map(textOf), end].join(''))
      }
    }
  }
}
