import type { TaskStatus } from '../../control/protocol.ts'
import { namedBy } from '../../tasks/select.ts'
import { askToShow } from './ask.ts'
import type { Call } from '../command.ts'
import { type Label, withLabels } from '../args/labels.ts'
import type { Values } from '../args/options.ts'
import { lastTasksPath } from '../args/tasks-path.ts'

/**
 * For words of which there is no record: throws the error for one that means no task, now or as far
 * as the run directories reach back.
 */
export async function demandKnown(
  call: Call,
  values: Values,
  words: readonly string[],
): Promise<void> {
  const inFile = (await tasksOfFile(call, values)).map((task) => task.name)
  namedBy(words, [...new Set([...inFile, ...call.host.files.list(call.paths.runs)])])
}

/** The names of the tasks that have all of these labels now. */
export async function namesWithLabels(
  call: Call,
  values: Values,
  labels: readonly Label[],
): Promise<Set<string>> {
  const tasks = withLabels(await tasksOfFile(call, values), labels)
  return new Set(tasks.map((task) => task.name))
}

type Known = Pick<TaskStatus, 'name'> & { readonly labels: Readonly<Record<string, string>> }

/** Of the daemon, else of the file; none where that is not valid. */
async function tasksOfFile(call: Call, values: Values): Promise<readonly Known[]> {
  const status = call.from.tasks === 'flag' ? undefined : await askToShow(call, 'status', {})
  if (typeof status === 'object') return status.tasks
  const file = lastTasksPath(call, values)
  const { loadTasks } = await import('../../daemon/tasks-file/load.ts')
  const loaded = await loadTasks(call.host, file.absolute, { shown: file.shown })
  return loaded.file?.tasks ?? []
}
