import path from 'node:path'
import type { StatusReport } from '../../control/protocol.ts'
import { askToShow } from '../daemon/ask.ts'
import type { Call } from '../command.ts'
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

/** The same for a command that may be given the file as a word. */
export async function wordOrTasksPath(call: Call, values: Values): Promise<FilePath> {
  const [shown] = call.args
  if (shown === undefined) return tasksPathOrAsk(call, values)
  return { shown, absolute: path.resolve(shown) }
}

/** The same for what only reads the file: where it is named, no daemon and no home are asked. */
export async function tasksPathOrAsk(call: Call, values: Values): Promise<FilePath> {
  const isNamed = call.from.tasks === 'flag'
  return tasksPath(call, values, isNamed ? undefined : (await daemonToShow(call)).file)
}

/** What a daemon says of itself, and which file it runs, which is known of one that is silent too. */
export async function daemonToShow(
  call: Call,
  tell = call.terminal.note,
): Promise<{ report?: StatusReport; file: string | undefined; isSilent: boolean }> {
  const report = await askToShow(call, 'status', {}, tell)
  if (report === 'silent') return { file: lastPath(call), isSilent: true }
  return { ...(report && { report }), file: report?.file.path, isSilent: false }
}

/**
 * The same for what is only shown of a home without a daemon: where there is no ./tasks.yaml, the
 * file that its last daemon had.
 */
export function lastTasksPath(
  call: Pick<Call, 'from' | 'host' | 'paths'>,
  values: Values,
): FilePath {
  const file = tasksPath(call, values, undefined)
  const { files } = call.host
  if (values.tasks !== undefined || files.facts(file.absolute) !== undefined) return file
  const last = lastPath(call)
  return last === undefined ? file : { shown: last, absolute: last }
}

/** The file of the last daemon, or of the one that runs. */
export function lastPath({ host, paths }: Pick<Call, 'host' | 'paths'>): string | undefined {
  return host.files.readText(paths.tasksPath)?.replace(/\n$/, '') || undefined
}

const defaultFile = 'tasks.yaml'
