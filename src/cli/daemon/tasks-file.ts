import path from 'node:path'
import type { StatusReport } from '../../control/status-report.ts'
import { badTasks } from '../../daemon/tasks-file/bad-tasks.ts'
import type { Loaded } from '../../daemon/tasks-file/load.ts'
import type { Host } from '../../host/host.ts'
import { exitStatus, type TorchError } from '../../errors.ts'
import type { HostFacts } from '../../tasks/hosts.ts'
import { selectNames } from '../../tasks/select.ts'
import type { Task, TasksFile } from '../../tasks/task.ts'
import { type FilePath, type Label, usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'
import type { Call } from '../command.ts'
import { plainLine } from '../../text/sanitize.ts'
import { ask } from './ask.ts'

const defaultFile = 'tasks.yaml'
/** Only for commands that judge a file: see findTasksPath(). */
const defaultFolder = 'tasks'

/**
 * Which tasks file a command is about: the one of --tasks, else that of the running daemon, else
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

/**
 * Which tasks file a command judges (validate, diff, plan, next): its argument or --tasks, else
 * ./tasks.yaml or the directory ./tasks, else the file of TORCH_TASKS or a config file, else that of
 * the running daemon or the last one. In a checkout, the file in it counts, even if the daemon runs another one.
 */
export async function findTasksPath(
  call: Call,
  values: Values,
  argument?: string,
): Promise<FilePath> {
  if (argument !== undefined) return { shown: argument, absolute: path.resolve(argument) }
  const judged = await judgedPath(call, values)
  if (judged !== undefined) return judged
  return daemonsPath(call, values, (await askForFile(call)).file)
}

/** The file that the daemon runs, or the file of the last daemon. */
export function daemonsPath(call: Call, values: Values, daemonFile: string | undefined): FilePath {
  return daemonFile === undefined
    ? offlineTasksPath(call, values)
    : tasksPath(call, values, daemonFile)
}

/** Whether a command judges a file: see findTasksPath(). */
export function judges(command: string | undefined): boolean {
  return command !== undefined && ['validate', 'diff', 'plan', 'next'].includes(command)
}

/** The same without asking the daemon: undefined if the file of the daemon is meant. */
export async function judgedPath(
  { from, host }: Pick<Call, 'from' | 'host'>,
  { tasks }: Pick<Values, 'tasks'>,
): Promise<FilePath | undefined> {
  if (tasks !== undefined && from.tasks === 'flag') return tasks
  const here = { shown: defaultFile, absolute: path.resolve(defaultFile) }
  if (isThere(host, here.absolute)) return here
  const folder = { shown: defaultFolder, absolute: path.resolve(defaultFolder) }
  if (await isTasksFolder(host, folder.absolute)) return folder
  return tasks
}

/** The first line of a command that judges a file: which one. It is not part of any JSON. */
export function judgedLine({ shown }: FilePath): string {
  return `file  ${plainLine(shown)}`
}

/** A file that may not be looked at is there: reading it gives the right error. */
function isThere({ files }: Host, file: string): boolean {
  try {
    return files.facts(file) !== undefined
  } catch {
    return true
  }
}

/** Whether a directory has tasks files. Any project may have a folder called tasks. */
async function isTasksFolder(host: Host, folder: string): Promise<boolean> {
  try {
    if (host.files.facts(folder)?.kind !== 'directory') return false
    const { tasksFiles } = await import('../../daemon/tasks-file/readable.ts')
    return tasksFiles(host, folder).length > 0
  } catch {
    return false
  }
}

/**
 * The same for a command that shows a home without a daemon: if there is no ./tasks.yaml, the file
 * of the last daemon.
 */
export function offlineTasksPath(
  call: Pick<Call, 'from' | 'host' | 'paths'>,
  values: Values,
): FilePath {
  const file = tasksPath(call, values, undefined)
  const { files } = call.host
  if (values.tasks !== undefined || files.facts(file.absolute) !== undefined) return file
  const last = lastDaemonFile(call)
  return last === undefined ? file : { shown: last, absolute: last }
}

/** The tasks file of the daemon that runs, or of the last one. */
export function lastDaemonFile({ host, paths }: Pick<Call, 'host' | 'paths'>): string | undefined {
  return host.files.readText(paths.tasksPath)?.replace(/\n$/, '') || undefined
}

/** The status of the daemon and the file that it runs. The file of a silent daemon is known too. */
export async function askForFile(
  call: Call,
  warn = call.terminal.note,
): Promise<{ report?: StatusReport; file: string | undefined; isSilent: boolean }> {
  const report = await ask(call, 'status', {}, 'informative', { warn })
  if (report === 'silent') return { file: lastDaemonFile(call), isSilent: true }
  return { ...(report && { report }), file: report?.file.path, isSilent: false }
}

/**
 * Throws a usage error if --tasks names another file than the daemon runs. Without `daemonFile` it
 * asks the daemon, but only if --tasks is given.
 */
export async function requireSameFile(
  call: Call,
  { tasks }: Pick<Values, 'tasks'>,
  daemonFile?: string,
): Promise<void> {
  if (call.from.tasks !== 'flag' || tasks === undefined) return
  const running = daemonFile ?? (await ask(call, 'status', {}, 'required')).file.path
  if (tasks.absolute === running) return
  throw usageError(
    `the daemon of this home runs ${running}, not ${tasks.shown}`,
    'leave out --tasks, or name another --home; to change the file, use torch stop and torch start',
  )
}

/**
 * Reads a tasks file. Throws an error with all its problems and exit status 2 if it is not valid.
 * `machine` reads it as another machine would; `fileOnly` reads nothing outside the file: see
 * loadTasks().
 */
export async function readTasks(
  { host }: Pick<Call, 'host'>,
  file: FilePath,
  read: { readonly machine?: HostFacts; readonly fileOnly?: boolean } = {},
): Promise<Loaded & { readonly file: TasksFile }> {
  const { loadTasks } = await import('../../daemon/tasks-file/load.ts')
  const loaded = await loadTasks(host, file.absolute, { ...read, shown: file.shown })
  if (loaded.file === undefined) throw notValid(loaded)
  return { ...loaded, file: loaded.file }
}

export function notValid(file: Pick<Loaded, 'path' | 'problems'>): TorchError {
  const hint = 'fix the file, or name another one with --tasks'
  return badTasks(file, { exit: exitStatus.usage, hint })
}

/**
 * For task names that have no record: throws the error for the first one that is neither in the
 * tasks file nor has run directories.
 */
export async function requireKnownTasks(
  call: Call,
  values: Values,
  names: readonly string[],
): Promise<void> {
  const inFile = (await tasksNow(call, values)).map((task) => task.name)
  selectNames(names, [...new Set([...inFile, ...call.host.files.list(call.paths.runs)])])
}

/** The names of the tasks that have all these labels now. */
export async function namesWithLabels(
  call: Call,
  values: Values,
  labels: readonly Label[],
): Promise<Set<string>> {
  const tasks = withLabels(await tasksNow(call, values), labels)
  return new Set(tasks.map((task) => task.name))
}

export interface TaskNow extends Labelled {
  readonly name: string
  readonly type: Task['type']
  readonly input?: { readonly mode: string } | null
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>
}

/** The tasks that have all the labels. */
export function withLabels<T extends Labelled>(
  tasks: readonly T[],
  wanted: readonly Label[] = [],
): T[] {
  return tasks.filter(({ labels }) =>
    wanted.every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value),
  )
}

/** The message if withLabels() leaves no task. */
export const noTaskHasLabels = 'no task has these labels'

/** The tasks of the daemon, else of the file; none if the file is not valid. */
export async function tasksNow(call: Call, values: Values): Promise<readonly TaskNow[]> {
  const isOther = call.from.tasks === 'flag'
  const status = isOther ? undefined : await ask(call, 'status', {}, 'informative')
  if (typeof status === 'object') return status.tasks
  const file = offlineTasksPath(call, values)
  const { loadTasks } = await import('../../daemon/tasks-file/load.ts')
  const loaded = await loadTasks(call.host, file.absolute, { shown: file.shown })
  return loaded.file?.tasks ?? []
}
