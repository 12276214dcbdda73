import { exitStatus, TorchError } from '../errors.ts'
import { matchGlob } from '../text/glob.ts'
import { nearest } from '../text/suggest.ts'

/**
 * The names that the arguments select, in the order of the names. An argument is a name, or a
 * pattern with `*` and `?`. Throws TorchError `no-task` for the first argument that selects nothing;
 * its hint names `list`, the command that lists these names.
 */
export function selectNames(
  args: readonly string[],
  names: readonly string[],
  list = 'torch status',
): string[] {
  const known = new Set(names)
  for (const arg of args)
    if (isPattern(arg) ? !names.some((name) => matchGlob(arg, name)) : !known.has(arg))
      throw isPattern(arg) ? noMatch(arg, list) : unknownTask(arg, names, list)
  return names.filter((name) => isSelected(args, name))
}

/** Whether one of the arguments selects the name. */
export function isSelected(args: readonly string[], name: string): boolean {
  return args.some((arg) => arg === name || (isPattern(arg) && matchGlob(arg, name)))
}

/** The name of a task never contains these characters. */
export function isPattern(arg: string): boolean {
  return /[*?]/.test(arg)
}

/** The error for a name that is not the name of any task. */
export function unknownTask(
  name: string,
  names: readonly string[],
  list = 'torch status',
): TorchError {
  return new TorchError('no-task', `there is no task "${name}"`, {
    exit: exitStatus.usage,
    hint: hintFor(name, names, list),
  })
}

function hintFor(name: string, names: readonly string[], list: string): string {
  if (/\.ya?ml$|\//i.test(name)) return `to name a tasks file, use --tasks ${name}`
  if (/^\d{4,8}$/.test(name))
    return `${list} lists the tasks; of a run id, give at least its day and the T`
  const near = nearest(name, names)
  return near === undefined ? `${list} lists the tasks` : `did you mean "${near}"?`
}

function noMatch(pattern: string, list: string): TorchError {
  return new TorchError('no-task', `no task matches "${pattern}"`, {
    exit: exitStatus.usage,
    hint: `${list} lists the tasks`,
  })
}
