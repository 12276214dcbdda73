import path from 'node:path'
import type { Call } from './command.ts'
import type { FilePath } from './option.ts'
import type { Values } from './options.ts'

/**
 * Which tasks file a command is about: the one of its flag, else that of the running daemon, else
 * that of TORCH_TASKS or a config file, else ./tasks.yaml.
 */
export function tasksPath(
  call: Pick<Call, 'from'>,
  values: Values,
  daemonFile: string | undefined,
): FilePath {
  const { tasks } = values
  if (tasks !== undefined && call.from.tasks === 'flag') return tasks
  if (daemonFile !== undefined) return { shown: daemonFile, absolute: daemonFile }
  return tasks ?? { shown: defaultFile, absolute: path.resolve(defaultFile) }
}

const defaultFile = 'tasks.yaml'
