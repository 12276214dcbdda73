import path from 'node:path'
import type { Host } from '../host/host.ts'
import { parseStat, type ProcessIdentity } from '../host/processes.ts'
import type { Task } from '../tasks/task.ts'
import type { RunDescription } from './directory.ts'

/*
 * The input of a run is a named pipe in its directory, `in`, which its recorder keeps open with the help of
 * a process called the holder. So the daemon may come and go: the run never sees the end of its input
 * because of it. The holder ends, and with it the input, when somebody writes to the pipe `eof`.
 */

export const inputPipe = 'in'
export const endPipe = 'eof'
const holderFile = 'holder'
/** What the run did not read: the recorder writes it at the end, even if there is nothing. */
export const unreadFile = 'unread'

/** Whether the runs of a task read from a pipe that stays open. */
export function hasInputPipe({ type, input }: Pick<Task, 'type' | 'input'>): boolean {
  return input.mode === 'live' || (input.mode === 'queue' && type === 'daemon')
}

/** In the directory of a run that gets messages when it starts: their texts, until it is over. */
export const inputFile = 'input'

/** Whether the runs of a task get their messages as that file. */
export function hasInputFile({ type, input }: Pick<Task, 'type' | 'input'>): boolean {
  return input.mode === 'queue' && type !== 'daemon'
}

/** Makes the pipes in a folder that is, or becomes, a run directory. */
export function makeInputPipes(
  { pipes }: Host,
  folder: string,
  owner: { readonly uid: number; readonly gid: number },
): void {
  for (const name of [inputPipe, endPipe]) pipes.make(path.join(folder, name), owner)
}

/** The process that keeps the input of a run open. It is torch's own, and does not count as the run's. */
export function inputHolder(
  host: Host,
  { directory, description }: { directory: string; description: Pick<RunDescription, 'input'> },
): ProcessIdentity | undefined {
  if (description.input === undefined) return undefined
  return parseStat(host.files.readText(path.join(directory, holderFile)))
}
