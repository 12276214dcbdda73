import { aroundStops, interceptSignals } from '../../../daemon/signals.ts'
import { exitStatus, messageOf, TorchError } from '../../../errors.ts'
import type { Host } from '../../../host/host.ts'
import type { Signal } from '../../../host/processes.ts'
import { lastDaemonFile, noTaskHasLabels, tasksPath } from '../../daemon/tasks-file.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import { statusOfSignal } from '../../terminal/outcomes.ts'
import { openScreen, type Terminal } from '../../terminal/terminal.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { problemJson } from '../../terminal/problems.ts'
import { followEvents } from '../../../follow/events.ts'
import { pause } from '../../../host/clock.ts'
import { shownTime } from '../../terminal/times.ts'
import { findStatus, type FoundStatus } from './find-status.ts'
import { statusLines } from './status-lines.ts'
import { taskDetails } from './task-details.ts'

/** The shell's prompt needs a row below the status. */
const promptRows = 1
/** The title of --watch, and the blank line below it. */
const titleRows = 2

/** Runs `torch status`. */
export async function showStatus(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  if (values.watch) return watchStatus(call, values)
  const found = await findStatus(call, values, terminal.note)
  const { report } = found
  if (values.json) {
    const file = { ...report.file, problems: report.file.problems.map(problemJson) }
    await terminal.say(JSON.stringify({ ...report, file }, null, 2))
    return statusOfDaemon(found)
  }
  const rows = wantsAll(call, values) ? Infinity : terminal.rows - promptRows
  const lines = statusLines(call, { ...found, rows, all: `: torch status '*'` })
  await terminal.say([...lines, ...details(call, found)].join('\n'))
  if (report.tasks.length === 0 && found.total > 0)
    terminal.note(values.outcome === undefined ? noTaskHasLabels : 'no task has this outcome')
  if (report.daemon === null && !found.isSilent)
    terminal.note(`torch is not running: ${startWords(call, values, report.file)}`)
  return statusOfDaemon(found)
}

/** A plain `torch start` refuses a file with problems. */
function startWords(call: Call, values: Values, file: FoundStatus['report']['file']): string {
  const command = startCommandHere(call, values)
  if (file.ok) return `${command} starts it`
  return file.lastGoodAt === undefined
    ? `once the tasks file is valid, ${command} starts it`
    : `${command} --last-good starts it on the last good file`
}

/** `torch start` takes ./tasks.yaml, which is not always the file of the last daemon, and the usual home. */
function startCommandHere(call: Call, values: Values): string {
  const last = lastDaemonFile(call)
  const file = tasksPath(call, values, undefined).absolute
  const isLast = last === undefined || values.tasks !== undefined || last === file
  const home = call.from.home === 'flag' ? ` --home ${shellQuoted(call.paths.home)}` : ''
  return `torch start${home}${isLast ? '' : ` --tasks ${shellQuoted(last)}`}`
}

/** As systemctl status: 0 only if the daemon runs, and here answers too. */
function statusOfDaemon({ report, isSilent }: FoundStatus): number {
  if (isSilent) return exitStatus.failed
  return report.daemon === null ? exitStatus.noDaemon : exitStatus.done
}

/** A user who selects tasks wants to see all of them, even more than the screen has rows. */
function wantsAll({ args }: Call, { all, label, outcome }: Values): boolean {
  return (all ?? false) || args.length > 0 || label !== undefined || outcome !== undefined
}

/** The definition and the runs of a task, if it is the only one that the arguments name. */
function details(call: Call, { report }: FoundStatus): string[] {
  const [task, ...more] = report.tasks
  if (task === undefined || more.length > 0 || call.args.length === 0) return []
  return taskDetails(call, task)
}

/**
 * Runs `torch status --watch`: draws every second until Ctrl-C, also while the daemon stops and starts
 * again. A problem of the first look is thrown, as without --watch.
 */
async function watchStatus(call: Call, values: Values): Promise<number> {
  const { host, terminal, from } = call
  if (values.json && from.json === 'flag')
    throw usageError(
      '--json and --watch cannot be combined',
      'run torch status --json as often as you need',
    )
  if (!terminal.isScreen)
    throw usageError('--watch needs a terminal', 'run torch status without --watch')
  const first = await findStatus(call, values, () => {})
  let lines = (): string[] => linesOf(call, first)
  const looks = newLooks(call)
  const attention = attend(terminal)
  const screen = await openScreen(terminal)
  const release = aroundStops(
    () => screen.close(),
    () => void screen.open(),
  )
  try {
    while (attention.signal() === undefined) {
      await screen.draw([...titleOf(call), ...lines()])
      await attention.orAwake(nextSecond(host))
      if (attention.signal() !== undefined) break
      if (looks.isDue()) lines = (await attention.orAwake(lookAgain(call, values))) ?? lines
    }
  } finally {
    await screen.close()
    looks.close()
    release()
    attention.release()
  }
  const signal = attention.signal()
  return signal === undefined || signal === 'SIGINT' ? exitStatus.done : statusOfSignal(signal)
}

/** Wakes a wait at a signal, or when the window changes its size. */
function attend(terminal: Terminal) {
  let signal: Signal | undefined
  let wake = (): void => {}
  const releaseSignals = interceptSignals((name) => {
    signal = name
    wake()
  })
  const releaseSize = terminal.onResize(() => wake())
  return {
    signal: () => signal,
    /** The value of the promise, or undefined if woken before. Promise.race would leak memory each second. */
    orAwake: <T>(settles: Promise<T>) =>
      new Promise<T | undefined>((resolve) => {
        wake = () => resolve(undefined)
        void settles.then(resolve)
      }),
    release() {
      releaseSignals()
      releaseSize()
    },
  }
}

/** What has no event, such as a full disk or a queue, is seen within this time. */
const maxAgeMs = 5_000

/** Says when to look again: when the daemon says that something happened, or each second if it says nothing. */
function newLooks({ host, paths }: Call): { isDue(): boolean; close(): void } {
  const { clock } = host
  const stop = new AbortController()
  let isHeard = false
  let hasNews = true
  let lookedMs = clock.monotonic()
  const listen = async (): Promise<void> => {
    const { signal } = stop
    for await (const { kind } of followEvents({ clock, socket: paths.socket, signal })) {
      isHeard = kind !== 'lost'
      hasNews = true
    }
  }
  void listen()
  return {
    isDue() {
      const now = clock.monotonic()
      if (isHeard && !hasNews && now - lookedMs < maxAgeMs) return false
      hasNews = false
      lookedMs = now
      return true
    },
    close: () => stop.abort(),
  }
}

function linesOf(call: Call, found: FoundStatus): string[] {
  return statusLines(call, { ...found, rows: call.terminal.rows - titleRows, all: '' })
}

/** Shows an error in place of the status, until the next look succeeds. */
async function lookAgain(call: Call, values: Values): Promise<() => string[]> {
  try {
    const found = await findStatus(call, values, () => {})
    return () => linesOf(call, found)
  } catch (error) {
    const { details: more = [], hint } = error instanceof TorchError ? error : {}
    return () => [
      ...more.flatMap((each) => each.split('\n')),
      call.terminal.paint('red', `torch: ${messageOf(error)}`),
      ...(hint === undefined ? [] : [`hint: ${hint}`]),
    ]
  }
}

function titleOf({ host, terminal }: Call): string[] {
  const now = shownTime(host, new Date(host.clock.now()).toISOString())
  return [terminal.paint('dim', `torch status  ${now}  Ctrl-C to quit`), '']
}

function nextSecond(host: Host): Promise<void> {
  return pause(host.clock, 1000 - (host.clock.now() % 1000))
}
