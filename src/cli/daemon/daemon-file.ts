import { ask } from './ask.ts'
import type { Call } from '../command.ts'
import { usageError } from '../args/option.ts'
import type { Values } from '../args/options.ts'

/** Refuses to ask the daemon about another tasks file, named by --tasks, than the one that it runs. */
export function demandFile(
  call: Pick<Call, 'from'>,
  { tasks }: Pick<Values, 'tasks'>,
  daemonFile: string,
): void {
  if (call.from.tasks !== 'flag' || tasks === undefined || tasks.absolute === daemonFile) return
  throw usageError(
    `the daemon of this home runs ${daemonFile}, not ${tasks.shown}`,
    'leave out --tasks, or name another --home; torch stop, then torch start changes the file',
  )
}

/** The same for commands that have not asked for its status: only where --tasks is given. */
export async function demandSameFile(call: Call, values: Values): Promise<void> {
  if (call.from.tasks !== 'flag') return
  const { file } = await ask(call, 'status', {})
  demandFile(call, values, file.path)
}
