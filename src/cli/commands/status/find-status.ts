import type { StatusReport, TaskStatus } from '../../../control/status-report.ts'
import type { Outcome } from '../../../plan/history-row.ts'
import { selectNames } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import { factsHere } from '../../args/host-facts.ts'
import type { FilePath } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import {
  askForFile,
  lastDaemonFile,
  offlineTasksPath,
  requireSameFile,
  tasksPath,
  withLabels,
} from '../../daemon/tasks-file.ts'

export interface FoundStatus {
  /** Only with the tasks that the user selects. */
  readonly report: StatusReport
  /** True if a daemon exists but does not answer: the report is made from the files. */
  readonly isSilent: boolean
  /** The number of all tasks. */
  readonly total: number
  /** How long each task that runs now usually takes, in ms. */
  readonly usualMs: ReadonlyMap<string, number>
}

/**
 * The status of the tasks that the user selects, from the daemon, or from the files without one.
 * `tell` is called with notes, for example if the history cannot be read.
 */
export async function findStatus(
  call: Call,
  values: Values,
  tell: (note: string) => void,
): Promise<FoundStatus> {
  const { whole, isSilent } = await wholeStatus(call, values, tell)
  const named = await selected(whole, call.args)
  const tasks = withLabels(named, values.label).filter((task) => hasOutcome(task, values.outcome))
  const report = { ...whole, tasks }
  const usualMs = values.json ? new Map<string, number>() : await usualOf(call, tasks)
  return { report, isSilent, total: whole.tasks.length, usualMs }
}

async function wholeStatus(
  call: Call,
  values: Values,
  tell: (note: string) => void,
): Promise<{ whole: StatusReport; isSilent: boolean }> {
  const { report, file, isSilent } = await askForFile(call, tell)
  if (file !== undefined) await requireSameFile(call, values, file)
  if (report !== undefined) return { whole: report, isSilent }
  const tasks = file === undefined ? offlineTasksPath(call, values) : tasksPath(call, values, file)
  const isWhole = !values.json && call.args.length === 0 && values.label === undefined
  if (file === undefined && isWhole) tellOtherFile(call, tasks, tell)
  const { offlineStatus } = await import('../../../view/offline-status.ts')
  const home = { host: call.host, paths: call.paths, facts: factsHere(call, values), file: tasks }
  return { whole: await offlineStatus(home, tell), isSilent }
}

/** The tasks file in the current folder may not be the one that the daemon of this home used. */
function tellOtherFile(call: Call, file: FilePath, tell: (note: string) => void): void {
  const last = lastDaemonFile(call)
  if (call.from.tasks === 'flag' || last === undefined || last === file.absolute) return
  tell(`showing ${plainLine(file.shown)}; the last daemon of this home used ${plainLine(last)}`)
  tell(`hint: torch status --tasks ${plainLine(shellQuoted(last))}`)
}

/** Throws for a name that no task has. If the file is not valid, that is the reason to show. */
async function selected(report: StatusReport, words: readonly string[]): Promise<TaskStatus[]> {
  if (words.length === 0) return report.tasks
  const names = report.tasks.map((task) => task.name)
  try {
    const meant = new Set(selectNames(words, names))
    return report.tasks.filter((task) => meant.has(task.name))
  } catch (error) {
    if (report.file.ok || report.daemon !== null) throw error
    throw (await import('../../daemon/tasks-file.ts')).notValid(report.file)
  }
}

/** `running` matches a task that runs now, also if its last outcome is another one. */
function hasOutcome(
  { running, last }: TaskStatus,
  wanted: readonly Outcome[] | undefined,
): boolean {
  if (wanted === undefined) return true
  if (running.length > 0 && wanted.includes('running')) return true
  return last !== null && wanted.includes(last.outcome)
}

/**
 * How long tasks that run now usually take: for the progress bars. How long a run with an input takes
 * depends on what it reads, and so not on earlier runs.
 */
async function usualOf(call: Call, tasks: readonly TaskStatus[]): Promise<Map<string, number>> {
  const names = tasks
    .filter(({ type, input, running }) => type !== 'daemon' && !input && running.length > 0)
    .map((task) => task.name)
  if (names.length === 0) return new Map()
  const { readHistoryOrRuns } = await import('../../../record/history/read-history.ts')
  // The status works without it, and a running daemon reports a damaged history itself.
  const reader = readHistoryOrRuns(call.host, call.paths, () => {})
  const usual = reader.usual(names)
  reader.close()
  return usual
}
