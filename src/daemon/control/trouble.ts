import type { Trouble } from '../../control/status-report.ts'
import { timeText } from '../../record/history/rows.ts'
import { problemLine } from '../../tasks/file/problem.ts'
import { failedWords } from '../starts/replacement.ts'
import type { Daemon } from '../state.ts'

/** How the message about a refused tasks file begins. `torch status` shows its problems in full. */
export const refusedWords = 'the tasks file was refused'

/** What the daemon cannot do at the moment, until it is over: what the machine refuses, and a bad tasks file. */
export function troubleOf({
  faults,
  history,
  tasks,
  daemonTasks,
}: Pick<Daemon, 'faults' | 'history' | 'tasks' | 'daemonTasks'>): Trouble[] {
  const { refused } = tasks
  const bad = refused?.problems.find(({ severity }) => severity === 'error')
  const file = refused && {
    message: `${refusedWords}${bad === undefined ? '' : `: ${problemLine(bad)}`}`,
    sinceMs: refused.atMs,
  }
  const replacements = [...daemonTasks.failed].map(([task, failed]) => ({
    message: failedWords(task, failed),
    sinceMs: failed.sinceMs,
  }))
  return [file, history.trouble(), ...faults.current(), ...replacements]
    .filter((each) => each !== undefined)
    .map(({ message, sinceMs }) => ({ message, since: timeText(sinceMs) }))
}
