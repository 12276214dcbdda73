import { exitStatus, TorchError } from '../errors.ts'
import { matchGlob } from '../text/glob.ts'
import { unknownTask } from './unknown-task.ts'

/**
 * Which of the names are meant by words: each is a name, or a pattern with `*` and `?`. In the order
 * of the names. Throws TorchError `no-task` for the first word that means none.
 */
export function namedBy(words: readonly string[], names: readonly string[]): string[] {
  const known = new Set(names)
  for (const word of words)
    if (isPattern(word) ? !names.some((name) => matchGlob(word, name)) : !known.has(word))
      throw isPattern(word) ? noMatch(word) : unknownTask(word, names)
  return names.filter((name) => isNamed(words, name))
}

/** Whether one of the words means it. */
export function isNamed(words: readonly string[], name: string): boolean {
  return words.some((word) => word === name || (isPattern(word) && matchGlob(word, name)))
}

/** No name of a task has these characters. */
export function isPattern(word: string): boolean {
  return /[*?]/.test(word)
}

function noMatch(pattern: string): TorchError {
  return new TorchError('no-task', `no task matches "${pattern}"`, {
    exit: exitStatus.usage,
    hint: 'torch status lists the tasks',
  })
}
