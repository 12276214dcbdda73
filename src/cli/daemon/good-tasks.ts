import { badTasks } from '../../daemon/tasks-file/bad-tasks.ts'
import type { Loaded } from '../../daemon/tasks-file/load.ts'
import { exitStatus, type TorchError } from '../../errors.ts'
import { hostFacts, type HostFacts } from '../../tasks/hosts.ts'
import type { TasksFile } from '../../tasks/task.ts'
import { checkedAddresses } from '../args/asked-host.ts'
import type { Call } from '../command.ts'
import type { FilePath } from '../args/option.ts'
import type { Values } from '../args/options.ts'

/**
 * A tasks file that is good; else the error with all of its problems, exit status 2. Read as on
 * another `machine`, or from the file `alone`, where that is asked for (see loadTasks).
 */
export async function goodTasks(
  { host }: Pick<Call, 'host'>,
  file: FilePath,
  read: { readonly machine?: HostFacts; readonly alone?: boolean } = {},
): Promise<Loaded & { readonly file: TasksFile }> {
  const { loadTasks } = await import('../../daemon/tasks-file/load.ts')
  const loaded = await loadTasks(host, file.absolute, { ...read, shown: file.shown })
  if (loaded.file === undefined) throw notValid(loaded)
  return { ...loaded, file: loaded.file }
}

export function notValid(file: Pick<Loaded, 'path' | 'problems'>): TorchError {
  const hint = 'mend it, or name another with --tasks'
  return badTasks(file, { exit: exitStatus.usage, hint })
}

/** How this machine is known to `hosts:`, without a daemon that knows better. */
export function factsHere(call: Call, values: Values): HostFacts {
  const { host } = call
  const own = checkedAddresses(call, values.address ?? [])
  return hostFacts(host.network.name(), own.length > 0 ? own : host.network.addresses())
}
