import { unknownTask } from '../tasks/unknown-task.ts'
import { loadTasks } from '../daemon/load.ts'
import { statusIfRuns } from './ask.ts'
import type { Call } from './command.ts'
import type { Values } from './options.ts'
import { lastTasksPath } from './tasks-path.ts'

/**
 * For a task of which there is no record: throws the error for a name that no task has, now or
 * as far as the run directories reach back.
 */
export async function demandKnown(call: Call, values: Values, name: string): Promise<void> {
  const names = [...(await namesInFile(call, values)), ...call.host.files.list(call.paths.runs)]
  if (!names.includes(name)) throw unknownTask(name, names)
}

async function namesInFile(call: Call, values: Values): Promise<string[]> {
  const status = call.from.tasks === 'flag' ? undefined : await statusIfRuns(call)
  if (status !== undefined) return status.tasks.map((task) => task.name)
  const file = lastTasksPath(call, values)
  const loaded = await loadTasks(call.host, file.absolute, { shown: file.shown })
  return (loaded.file?.tasks ?? []).map((task) => task.name)
}
