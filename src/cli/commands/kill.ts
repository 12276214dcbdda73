import type { KilledRun } from '../../control/protocol.ts'
import type { StatusReport } from '../../control/status-report.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { type Signal, signalNames, signalNumbers } from '../../host/processes.ts'
import { ambiguousRun, beginsRunId } from '../../run/directory.ts'
import { selectNames } from '../../tasks/select.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { ask } from '../daemon/ask.ts'
import type { Call } from '../command.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import { usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'

/** Runs `torch kill`. Throws for an argument that matches no task before it ends any run. */
export async function kill(call: Call, values: Values): Promise<number> {
  const { terminal, args } = call
  const signal = values.signal === undefined ? null : signalOf(values.signal)
  const status = await ask(call, 'status', {}, 'required')
  await requireSameFile(call, values, status.file.path)
  const meant = args.map((word) => ({ word, targets: new Set(targetsOf(status, word)) }))
  const runs = new Map<string, KilledRun>()
  for (const target of new Set(meant.flatMap(({ targets }) => [...targets])))
    for (const each of await endRuns(call, target, signal)) runs.set(each.run, each)
  const idle = meant.filter(
    ({ targets }) =>
      ![...runs.values()].some(({ run, task }) => targets.has(run) || targets.has(task)),
  )
  const said = signal === null ? 'ending' : `sent ${signal} to`
  const lines = [...runs.values()].map(
    ({ run, task, replacing }) => `${replacing ? 'replacing' : said} ${task} ${run}`,
  )
  if (values.json) await terminal.say(JSON.stringify({ runs: [...runs.values()] }, null, 2))
  else if (lines.length > 0) await terminal.say(lines.join('\n'))
  if (!values.json)
    for (const hint of [
      ...replacementHints(status, [...runs.values()]),
      ...endedHints([...runs.values()]),
    ])
      terminal.note(hint)
  if (idle.length === 0) return exitStatus.done
  const names = idle.map(({ word }) => word).join(', ')
  const are = idle.length === 1 ? 'is' : 'are'
  throw new TorchError('not-running', `${names} ${are} not running`, {
    hint: 'torch status shows what is running',
  })
}

/** When the runs end that a successor replaces; and whether earlier successors were not ready. */
function replacementHints({ tasks }: StatusReport, runs: readonly KilledRun[]): string[] {
  const names = new Set(runs.filter(({ replacing }) => replacing).map(({ task }) => task))
  const failing = tasks.flatMap(({ name, replacing }) =>
    names.has(name) && replacing ? [replacedInVain(name, replacing)] : [],
  )
  if (names.size === 0) return []
  return [
    ...failing,
    'hint: it ends when its successor is ready; a second torch kill ends it at once',
  ]
}

/** Whoever expects the next run learns that none comes. */
export function endedHints(runs: readonly KilledRun[]): string[] {
  const names = new Set(runs.filter(({ staysEnded }) => staysEnded).map(({ task }) => task))
  return [...names].map(
    (task) => `hint: restart.on of ${task} does not start it again; torch resume ${task} does`,
  )
}

/** Whoever ends the old run now is left without a server. */
function replacedInVain(
  task: string,
  { failures, why }: { failures: number; why: string },
): string {
  return `warning: the last ${counted(failures, 'successor')} of ${task} failed: ${plainLine(why)}`
}

/** What an argument means: the tasks it matches that run now (all their runs), or one run. */
function targetsOf({ tasks }: StatusReport, word: string): string[] {
  if (beginsRunId(word)) {
    const found = tasks.flatMap((task) => task.running).filter((run) => run.startsWith(word))
    if (found.length <= 1) return found
    throw ambiguousRun(word, found)
  }
  const names = new Set(
    selectNames(
      [word],
      tasks.map((task) => task.name),
    ),
  )
  return tasks
    .filter((task) => names.has(task.name) && task.running.length > 0)
    .map(({ name }) => name)
}

/** The runs that the daemon ends; none if they have just ended by themselves. */
async function endRuns(
  call: Call,
  target: string,
  signal: Signal | null,
): Promise<readonly KilledRun[]> {
  try {
    return (await ask(call, 'kill', { target, signal }, 'required')).runs
  } catch (error) {
    if (error instanceof TorchError && error.code === 'not-running') return []
    throw error
  }
}

/** `TERM`, `SIGTERM`, `term` or `15`. */
export function signalOf(text: string): Signal {
  const wanted = text.toUpperCase().replace(/^(?!SIG)/, 'SIG')
  const found = signalNames.find((name) => name === wanted || text === String(signalNumbers[name]))
  if (found !== undefined) return found
  const known = signalNames.map((name) => name.replace(/^SIG/, '')).join(' ')
  throw usageError(`--signal: unknown signal ${JSON.stringify(text)}`, `use one of ${known}`)
}
