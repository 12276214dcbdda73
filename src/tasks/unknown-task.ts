import { exitStatus, TorchError } from '../errors.ts'
import { nearest } from '../text/suggest.ts'

/** The error for a task that is not in the file. */
export function unknownTask(name: string, names: readonly string[]): TorchError {
  const near = nearest(name, names)
  return new TorchError('no-task', `there is no task "${name}"`, {
    exit: exitStatus.usage,
    hint: near === undefined ? 'torch status lists the tasks' : `did you mean "${near}"?`,
  })
}
