import path from 'node:path'
import type { RunDescription } from './directory.ts'
import { inputFile } from './input-pipes.ts'
import type { LiveRun, RunContext } from './live-run.ts'

/** Where the runs of a task get their messages from: a run gets them as a file, its standard input. */
export interface RunMessages {
  /** Takes messages for a run, which then has them. `text` is what it reads. */
  take(run: RunDescription): { readonly ids: readonly string[]; readonly text: string }
  /** The run does not begin: they wait again. */
  putBack(run: RunDescription): void
}

/** Takes the messages of a run and makes its input. Throws if the machine refuses it. */
export function takeInput({ host }: RunContext, run: LiveRun, messages: RunMessages): void {
  const { ids, text } = messages.take(run.description)
  run.messages = ids
  host.files.write(path.join(run.directory, inputFile), text)
}

/** The run could not be prepared: its messages wait again, and its end says nothing about them. */
export function returnInput(
  { faults }: RunContext,
  run: LiveRun,
  messages: RunMessages | undefined,
): void {
  run.messages = []
  if (messages !== undefined)
    faults.insist('put messages back', () => messages.putBack(run.description))
}

/** The texts do not stay longer than the run: what failed is in the inbox. */
export function removeInput({ host, faults }: RunContext, run: LiveRun): void {
  faults.attempt('remove the input of runs', () =>
    host.files.remove(path.join(run.directory, inputFile)),
  )
}
