import { TorchError } from '../../../errors.ts'
import {
  historyFromRuns,
  type HistoryReader,
  readHistory,
} from '../../../record/history/read-history.ts'
import type { Call } from '../../command.ts'

/**
 * Opens the history of a home. If history.db is missing or damaged, reads the runs that still have a
 * directory instead, and calls `tell` with a note.
 */
export function openRecords(
  { host, paths }: Pick<Call, 'host' | 'paths'>,
  tell: (note: string) => void,
): HistoryReader {
  let problem = ''
  try {
    const size = host.files.facts(paths.history)?.size ?? -1
    if (size > 0) return readHistory(paths.history)
    problem = `${paths.history} ${size === 0 ? 'is empty' : 'does not exist'}`
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    problem = error.message
  }
  const runs = historyFromRuns(host, paths.runs)
  if (runs.tasks().length > 0) tell(`${problem}: showing only the runs that still have a directory`)
  return runs
}
