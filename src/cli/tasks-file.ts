import { type Loaded, loadTasks } from '../daemon/load.ts'
import { exitStatus, TorchError } from '../errors.ts'
import { hostFacts, type HostFacts } from '../tasks/hosts.ts'
import { formatProblem } from '../tasks/report.ts'
import type { TasksFile } from '../tasks/task.ts'
import type { Call } from './command.ts'
import type { FilePath } from './option.ts'
import type { Values } from './options.ts'

/**
 * A tasks file that is good; else the error with all of its problems, exit status 2. Read as on
 * the host of another name, where one is given.
 */
export async function goodTasks(
  { host }: Pick<Call, 'host'>,
  file: FilePath,
  hostName?: string,
): Promise<Loaded & { readonly file: TasksFile }> {
  const network = { ...host.network, name: () => hostName ?? host.network.name() }
  const loaded = await loadTasks({ ...host, network }, file.absolute, { shown: file.shown })
  if (loaded.file === undefined) throw badTasks(loaded)
  return { ...loaded, file: loaded.file }
}

export function badTasks({ path, problems }: Pick<Loaded, 'path' | 'problems'>): TorchError {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const count = errors === 1 ? '1 problem' : `${errors} problems`
  return new TorchError('bad-tasks', `the tasks file ${path} is not valid (${count})`, {
    exit: exitStatus.usage,
    hint: 'mend it, or name another with --tasks',
    details: problems.map(formatProblem),
  })
}

/** How this machine is known to `hosts:`, without a daemon that knows better. */
export function factsHere({ host }: Call, values: Values): HostFacts {
  const own = values.address ?? []
  return hostFacts(host.network.name(), own.length > 0 ? own : host.network.addresses())
}
