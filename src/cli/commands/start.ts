import type { StatusReport, TaskStatus } from '../../control/status-report.ts'
import type { Settings } from '../../daemon/settings.ts'
import { type Ready, startDetached } from '../../daemon/startup/start-detached.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { grouped } from '../../text/grouped.ts'
import { counted, someOf } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { shellQuoted } from '../../text/shell-quote.ts'
import type { Values } from '../args/options.ts'
import { fleetSettings } from '../args/fleet-section.ts'
import { checkedAddresses } from '../args/host-facts.ts'
import { liveRuns } from '../../follow/kept-runs.ts'
import { quietly } from '../../host/system-error.ts'
import { type FilePath, usageError } from '../args/option.ts'
import { lastDaemonFile, tasksPath } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import { ask } from '../daemon/ask.ts'
import { dueWords, shownTime } from '../terminal/times.ts'
import { nextStart } from './status/status-order.ts'

const defaultGraceMs = 30_000
const defaultLogLevel = 'info'
/** The longest list of tasks on one line; the rest is counted. */
const maxNamed = 4

/** Runs `torch start`: starts the daemon and returns when it is ready. */
export async function start(call: Call, values: Values): Promise<number> {
  const tasks = await startPath(call, values)
  const settings = daemonSettings(call, values, tasks)
  if (settings.foreground) {
    call.terminal.outlive()
    const { runForeground } = await import('../daemon/run-daemon.ts')
    await failsToStart(
      call,
      runForeground(call.host, settings, call.script, () => {}),
    )
    return exitStatus.done
  }
  const ready = await failsToStart(call, startDetached(call.host, settings, call.script))
  await showStarted(call, values, settings, ready)
  return exitStatus.done
}

/**
 * The tasks file of the new daemon. If nothing names one, ./tasks.yaml is only a guess. A guess must not
 * end the daemon tasks of another file, which are still running after a crash. Throws TorchError `usage`.
 */
async function startPath(call: Call, values: Values): Promise<FilePath> {
  const file = tasksPath(call, values, undefined)
  // If the home cannot be read, the start says so itself.
  const last = quietly(() => lastDaemonFile(call))
  if (values.tasks !== undefined || last === undefined || last === file.absolute) return file
  const continueWith = `torch start --tasks ${shellQuoted(last)}`
  if (call.host.files.facts(file.absolute) === undefined)
    throw usageError(
      `no tasks file is named, and ${file.absolute} does not exist`,
      `the last daemon of this home ran ${last}; start it again with: ${continueWith}`,
    )
  const running = [...liveRuns(call.host, call.paths.home).keys()]
  // If a daemon has them, the error is that it is running.
  const isFree = (await ask(call, 'status', {}, 'informative', { warn: () => {} })) === undefined
  if (running.length > 0 && isFree)
    throw usageError(
      `${named(running)} of ${last} ${running.length === 1 ? 'is' : 'are'} still running, and this folder has another tasks file`,
      `continue with: ${continueWith}; for the other file, add --tasks ${file.shown}`,
    )
  if (isFree) call.terminal.note(`the last daemon of this home ran ${last}`)
  return file
}

/** The settings of the daemon, from the options. */
function daemonSettings(call: Call, values: Values, tasks: FilePath): Settings {
  const foreground = values.foreground ?? false
  // A variable or a config file may be for both kinds of a start.
  const output = foreground ? values.output : undefined
  if (values.output !== undefined && !foreground && call.from.output === 'flag')
    throw usageError('--output needs --foreground', 'torch logs TASK -f shows what tasks print')
  return {
    home: call.paths.home,
    tasks: tasks.absolute,
    addresses: values.address === undefined ? [] : checkedAddresses(call, values.address),
    graceMs: values.grace ?? defaultGraceMs,
    foreground,
    pretty: foreground && (output === undefined ? process.stdout : process.stderr).isTTY,
    output,
    logLevel: values['log-level'] ?? defaultLogLevel,
    viewGroup: values['view-group'],
    lastGood: values['last-good'] ?? false,
    cache: values.cache?.absolute,
    fleet: call.fleet && fleetSettings(call.fleet, call.host.network.name()),
    version: call.version,
  }
}

/** Throws every error of a start with exit status 1, but 2 for a tasks file that is not valid. */
async function failsToStart<T>(call: Call, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    const known = error.code === 'already-running' ? await stoppingOne(call) : undefined
    const { code, message, hint, details } = known ?? error
    const exit = code === 'bad-tasks' ? exitStatus.usage : exitStatus.failed
    throw new TorchError(code, message, { details, exit, cause: error, ...(hint && { hint }) })
  }
}

/** The error if the daemon of this home is stopping; else undefined. */
async function stoppingOne(call: Call): Promise<TorchError | undefined> {
  const status = await ask(call, 'status', {}, 'informative', { warn: () => {} })
  if (typeof status !== 'object' || status.daemon?.state !== 'draining') return undefined
  const runs = status.tasks.flatMap((task) => task.running).length
  const waits = runs === 0 ? '' : ` and waits for ${counted(runs, 'run')}`
  const who = `the torch daemon of ${call.paths.home}, pid ${status.daemon.pid},`
  return new TorchError('stopping', `${who} is stopping${waits}`, {
    hint: 'start again when it has stopped; torch stop ends the grace period of its runs',
  })
}

/** Shows which tasks run here, what starts next, and which commands to use now. */
async function showStarted(
  call: Call,
  values: Values,
  settings: Settings,
  ready: Ready,
): Promise<void> {
  const { terminal } = call
  for (const warning of ready.warnings) terminal.note(warning)
  if (values.json) {
    const { home, tasks } = settings
    await terminal.say(JSON.stringify({ pid: ready.pid, home, tasks }, null, 2))
    return
  }
  const report = await ask(call, 'status', {}, 'required')
  await terminal.say(lines(call, values, report, ready.pid).join('\n'))
}

function lines(call: Call, values: Values, report: StatusReport, pid: number): string[] {
  const { host, terminal } = call
  const label = (text: string) => terminal.paint('dim', text.padEnd(10))
  const here = report.tasks.filter((task) => task.here)
  const coming = here
    .flatMap((task) => {
      const at = nextStart(task)
      return at === null ? [] : [{ name: task.name, at }]
    })
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const next = coming
    .slice(0, maxNamed)
    .map(({ name, at }) => `${shownTime(host, at)}  ${name} (${dueWords(host, at)})`)
  const left = coming.length - next.length
  const torch = plainLine(ownWords(call, values))
  const sample = here[0]?.name ?? 'TASK'
  return [
    `torch runs, pid ${pid}: ${here.length} of ${counted(report.tasks.length, 'task')} of ${plainLine(report.file.path)}`,
    ...[...next, ...(left > 0 ? [`and ${left} more: ${torch} next`] : [])].map(
      (line, index) => label(index === 0 ? 'next' : '') + line,
    ),
    ...leftOut(report.tasks).map(
      ([text, tasks]) => label(text) + named(tasks.map((task) => task.name)),
    ),
    `${label('look')}${torch} status    ${torch} logs ${sample} -f`,
    `${label('stop')}${torch} stop`,
  ]
}

/** The tasks that do not start by the clock here, by the reason for that. */
function leftOut(tasks: readonly TaskStatus[]): [label: string, tasks: TaskStatus[]][] {
  const kind = ({ here, reason, type, next, definition }: TaskStatus): string => {
    if (!here) return reason === 'enabled' ? 'disabled' : 'not here'
    if (type === 'daemon') return 'always'
    if (type === 'manual') return 'by hand'
    if (next !== null) return ''
    if (definition?.after !== undefined) return 'after'
    return definition?.schedule.includes('@reboot') ? 'at boot' : 'not due'
  }
  const found = grouped(tasks, kind)
  return ['always', 'after', 'by hand', 'at boot', 'not due', 'disabled', 'not here'].flatMap(
    (each) => {
      const some = found.get(each)
      return some === undefined ? [] : [[each, some]]
    },
  )
}

function named(tasks: readonly string[]): string {
  return someOf(tasks, maxNamed)
}

/** The command that was typed, so that the user can copy the commands we print. */
function ownWords(call: Call, values: Values): string {
  const torch = process.env['npm_lifecycle_event'] === 'start' ? 'node bin/torch.js' : 'torch'
  if (call.from.home === 'flag') return `${torch} --home ${shellQuoted(call.paths.home)}`
  const isInConfig = call.from.home === 'config' && call.from.config === 'flag'
  const config = (isInConfig && values.config?.absolute) || undefined
  return config === undefined ? torch : `${torch} --config ${shellQuoted(config)}`
}
