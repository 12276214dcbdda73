import path from 'node:path'
import type { Host } from '../host/host.ts'
import { endRun, timeLeft } from './end.ts'
import { later, type LiveRun, type RunContext } from './live-run.ts'

/*
 * When a run of a task with `ready` is ready: when its output has a line with a text, or when it has lived
 * for some time. torch asks nobody: an answer on a shared socket may come from the old run.
 */

/** How often the output of a run that is not ready is looked at. */
const lookMs = 25
/** The most of an output that is searched at once: a run that floods it must not hold up the daemon. */
const maxBytesAtOnce = 1024 * 1024

/** After the timeout of a run that an earlier daemon started, this much of its output is searched. */
const maxLastLooks = 64

/** Waits until a run is ready, and ends it if it is not ready in time. Does nothing for one that is ready. */
export function armReady(context: RunContext, run: LiveRun): void {
  const { ready, startedMs } = run.description
  if (ready === undefined || run.isReady) return
  const { host } = context
  if (ready.kind === 'after') {
    const leftMs = timeLeft(host, startedMs, ready.afterMs)
    return later(context, run, leftMs, () => becomeReady(context, run))
  }
  const search = newSearch(context, run, ready.text)
  lookForLine(context, run, search)
  later(context, run, timeLeft(host, startedMs, ready.timeoutMs), () => {
    if (run.isReady) return
    // FIRST a last look: the text may have come while no daemon ran.
    let found = search()
    for (let looks = 1; found === 'more' && looks < maxLastLooks; looks++) found = search()
    if (found === 'found') becomeReady(context, run)
    else endRun(context, run, 'not ready')
  })
}

/** `more`: the output has bytes that were not searched yet. */
type Found = 'found' | 'more' | 'nothing'

function lookForLine(context: RunContext, run: LiveRun, search: () => Found): void {
  later(context, run, lookMs, () => {
    if (search() === 'found') becomeReady(context, run)
    else lookForLine(context, run, search)
  })
}

/** The colours of a terminal (ECMA-48, select graphic rendition), and the beginning of one at the end. */
// oxlint-disable-next-line no-control-regex
const colours = /\x1b\[[\d;:]*m/g
// oxlint-disable-next-line no-control-regex
const begunColour = /\x1b(?:\[[\d;:]{0,40})?$/

/**
 * Each look reads what is new. The text has no line break, so a line contains it if the output does;
 * colours in between do not count.
 */
function newSearch(
  { host, faults }: RunContext,
  { directory }: LiveRun,
  text: string,
): () => Found {
  const output = path.join(directory, 'output')
  // One character for each byte: a look may end within a character of UTF-8.
  const wanted = Buffer.from(text).toString('latin1')
  let offset = 0
  let rest = ''
  const next = (): Found => {
    const size = host.files.facts(output)?.size ?? 0
    const length = Math.min(size - offset, maxBytesAtOnce)
    if (length <= 0) return 'nothing'
    const bytes = host.files.readBytes(output, offset, length)
    offset += bytes.length
    const both = (rest + bytes.toString('latin1')).replaceAll(colours, '')
    if (both.includes(wanted)) return 'found'
    // The end of one look and the beginning of the next one may have the text, or a colour, together.
    const begun = begunColour.exec(both)?.[0].length ?? 0
    rest = both.slice(Math.max(both.length - begun - wanted.length + 1, 0))
    return offset < size ? 'more' : 'nothing'
  }
  return () => {
    let found: Found = 'nothing'
    faults.attempt('read the output of runs', () => {
      found = next()
    })
    return found
  }
}

/** The name of the file in a run directory that says that the run was ready. */
const readyFile = 'ready'

function becomeReady(context: RunContext, run: LiveRun): void {
  if (run.isReady || run.state.kind !== 'running') return
  run.isReady = true
  const { host, faults } = context
  faults.attempt('note that runs are ready', () =>
    host.files.write(path.join(run.directory, readyFile), `${host.clock.now()}\n`),
  )
  context.onReady(run)
}

/** Whether an earlier daemon has seen that a run is ready, or it counts as ready from the start. */
export function wasReady(
  { files }: Host,
  directory: string,
  { ready }: Pick<LiveRun['description'], 'ready'>,
): boolean {
  return ready === undefined || files.facts(path.join(directory, readyFile)) !== undefined
}
