import { exitStatus, TorchError } from '../errors.ts'
import { type Signal, signalNames } from '../host/processes.ts'
import { lineFault } from '../text/line-fault.ts'
import type { TaskNames } from './api.ts'

/*
 * JavaScript does not check types. A wrong argument must be an error with the code `usage`: it must not look
 * like a task that never runs.
 */

/** The name of one task. */
export function checkedTask(task: unknown): string {
  if (typeof task === 'string' && task !== '') return task
  throw usageError(
    `expected the name of a task; got ${kindOf(task)}`,
    'torch.status() lists the tasks',
  )
}

/** Names and patterns of tasks, as a list. */
export function checkedTasks(tasks: TaskNames = '*'): string[] {
  return [tasks].flat().map(checkedTask)
}

/** What is sent: lines or messages, each of them one line. */
export function checkedTexts(kind: 'line' | 'message', texts: readonly unknown[]): string[] {
  return texts.map((text, index) => {
    const what = `${kind} ${index + 1}`
    if (typeof text !== 'string') throw usageError(`${what} is ${kindOf(text)}, not text`, asText)
    const fault = lineFault(text)
    if (fault === undefined) return text
    throw usageError(`${what} ${fault}`, text.includes('\n') ? oneEach : asFile)
  })
}

const asText = 'send each text as an argument of its own, as in send(...texts)'
const oneEach = 'split it, and send each line as an argument of its own'
const asFile = 'write long or binary data into a file, and send its path'

/** A place in the output of a run, in bytes. */
export function checkedPlace(from: unknown): number {
  if (typeof from === 'number' && Number.isSafeInteger(from) && from >= 0) return from
  throw usageError('from must be a whole number of bytes', 'take `next` of the last line')
}

/** Options by their names: a misspelt one must not be the same as none. */
export function checkedOptions<T extends object>(options: T, known: readonly string[]): T {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw usageError(
      `options must be an object; got ${kindOf(given)}`,
      `it may have ${known.join(', ')}`,
    )
  const unknown = Object.keys(given).find((key) => !known.includes(key))
  if (unknown === undefined) return options
  throw usageError(`there is no option ${unknown}`, `the options here are: ${known.join(', ')}`)
}

/** A signal by its name, such as `SIGTERM`, or `TERM` as in kill(1). */
export function checkedSignal(name: unknown): Signal {
  const found = signalNames.find((known) => known === name || known === `SIG${String(name)}`)
  if (found !== undefined) return found
  throw usageError(`there is no signal ${String(name)}`, "name it as in 'SIGTERM'")
}

/** The error for a wrong argument. */
export function usageError(message: string, hint: string): TorchError {
  return new TorchError('usage', message, { exit: exitStatus.usage, hint })
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty text'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
