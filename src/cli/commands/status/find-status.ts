import type { StatusReport, TaskStatus } from '../../../control/protocol.ts'
import type { Outcome } from '../../../plan/history-row.ts'
import { namedBy } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import { demandFile } from '../../daemon/daemon-file.ts'
import { withLabels } from '../../args/labels.ts'
import type { Values } from '../../args/options.ts'
import { daemonToShow } from '../../args/tasks-path.ts'

export interface FoundStatus {
  /** With the tasks that are asked for. */
  readonly report: StatusReport
  /** A daemon is there, and does not answer: the report is from the files. */
  readonly isSilent: boolean
  /** How many there are in all. */
  readonly total: number
  /** How long the tasks that run, and will end, usually take, in ms. */
  readonly usualMs: ReadonlyMap<string, number>
}

/**
 * The status of a home, with or without a daemon, of the tasks that are asked for. `tell` hears
 * where the history cannot be read.
 */
export async function findStatus(
  call: Call,
  values: Values,
  tell: (words: string) => void,
): Promise<FoundStatus> {
  const { whole, isSilent } = await wholeStatus(call, values, tell)
  const named = await onlyNamed(whole, call.args)
  const tasks = withLabels(named, values.label).filter((task) => isSo(task, values.outcome))
  const report = { ...whole, tasks }
  const usualMs = values.json ? new Map<string, number>() : await usualOf(call, tasks)
  return { report, isSilent, total: whole.tasks.length, usualMs }
}

async function wholeStatus(
  call: Call,
  values: Values,
  tell: (words: string) => void,
): Promise<{ whole: StatusReport; isSilent: boolean }> {
  const { report, file, isSilent } = await daemonToShow(call, tell)
  if (file !== undefined) demandFile(call, values, file)
  if (report !== undefined) return { whole: report, isSilent }
  const { offlineStatus } = await import('./offline.ts')
  return { whole: await offlineStatus(call, values, file, tell), isSilent }
}

/** Of a name that is not in the file it says so, with the nearest one. */
async function onlyNamed(report: StatusReport, words: readonly string[]): Promise<TaskStatus[]> {
  if (words.length === 0) return report.tasks
  const names = report.tasks.map((task) => task.name)
  try {
    const meant = new Set(namedBy(words, names))
    return report.tasks.filter((task) => meant.has(task.name))
  } catch (error) {
    if (report.file.ok || report.daemon !== null) throw error
    throw (await import('../../daemon/good-tasks.ts')).notValid(report.file)
  }
}

/** `running` is what runs now, whatever came before it. */
function isSo({ running, last }: TaskStatus, wanted: readonly Outcome[] | undefined): boolean {
  if (wanted === undefined) return true
  if (running.length > 0 && wanted.includes('running')) return true
  return last !== null && wanted.includes(last.outcome)
}

/** Only of what runs. */
async function usualOf(call: Call, tasks: readonly TaskStatus[]): Promise<Map<string, number>> {
  const names = tasks
    .filter(({ type, running }) => type === 'common' && running.length > 0)
    .map((task) => task.name)
  if (names.length === 0) return new Map()
  const { openRecords } = await import('../history/history-rows.ts')
  // The status can do without it, and a daemon that runs tells of the trouble itself.
  const reader = openRecords(call, () => {})
  const usual = reader.usual(names)
  reader.close()
  return usual
}
