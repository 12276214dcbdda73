import path from 'node:path'
import { exitStatus } from '../../../errors.ts'
import { grouped } from '../../../text/grouped.ts'
import type { Call } from '../../command.ts'
import { type KeptRun, keptRuns, keptTasks } from '../../daemon/kept-runs.ts'
import type { LogWriter } from './log-writer.ts'
import type { Values } from '../../args/options.ts'
import { outputOf, type RunOutput } from './run-output.ts'
import { pause } from '../../terminal/times.ts'

/** How often it looks for more. */
const pollMs = 200
/** A folder that changed so shortly before it was read may have changed again with the same time. */
const youngMs = 50

/**
 * Shows `runs`, and goes on with all that comes, also of new runs, which are not among those that
 * were `kept` before, and of new tasks that the words mean; the daemon may go and come back. Of
 * `--run` it ends with the run. Of several runs at a time each is shown as it comes.
 */
export async function followLogs(
  call: Call,
  values: Values,
  { runs, kept }: { readonly runs: readonly KeptRun[]; readonly kept: readonly KeptRun[] },
  writer: LogWriter,
): Promise<number> {
  const open = new Map<KeptRun, RunOutput>()
  const add = (run: KeptRun, lines: number | undefined): void => {
    open.set(
      run,
      outputOf(call, run, lines, (bytes) => writer.write(run, bytes)),
    )
  }
  const newRuns = watchRuns(call, kept)
  for (const run of runs) add(run, values.lines)
  for (;;) {
    for (const [run, output] of open) {
      // Asked before the last read, so that nothing is written behind it.
      const over = isOver(call, run)
      await output.drain()
      if (!over) continue
      output.close()
      await writer.end(run)
      open.delete(run)
    }
    if (values.run !== undefined && open.size === 0) return exitStatus.done
    await pause(call.host, pollMs)
    if (values.run === undefined) for (const run of newRuns()) add(run, undefined)
  }
}

function isOver({ host, paths }: Call, { task, run }: KeptRun): boolean {
  const directory = path.join(paths.runs, task, run)
  const isThere = host.files.facts(directory) !== undefined
  return !isThere || host.files.facts(path.join(directory, 'outcome.json')) !== undefined
}

/** Gives what came after those that are known. Looks into a folder only when it changed. */
function watchRuns(call: Call, known: readonly KeptRun[]): () => KeptRun[] {
  // One by one: where the clock was set back, what is new does not come last.
  const seen = new Map(
    [...grouped(known, ({ task }) => task)].map(([task, runs]) => [task, idsOf(runs)]),
  )
  const tasks = whenChanged(call, call.paths.runs, () => keptTasks(call, call.args))
  const looks = new Map<string, () => KeptRun[] | undefined>()
  return () => {
    for (const task of tasks() ?? [])
      if (!looks.has(task))
        looks.set(
          task,
          whenChanged(call, path.join(call.paths.runs, task), () => keptRuns(call, task)),
        )
    return [...looks].flatMap(([task, look]) => {
      const runs = look()
      if (runs === undefined) return []
      const before = seen.get(task)
      seen.set(task, idsOf(runs))
      return runs.filter(({ run }) => before?.has(run) !== true)
    })
  }
}

function idsOf(runs: readonly KeptRun[]): ReadonlySet<string> {
  return new Set(runs.map(({ run }) => run))
}

/** Reads a folder that changed since the last time; undefined where it did not. */
function whenChanged<T>({ host }: Call, folder: string, read: () => T): () => T | undefined {
  let known: number | undefined
  return () => {
    const changedMs = host.files.facts(folder)?.mtimeMs
    if (changedMs === known) return undefined
    known = host.clock.now() - (changedMs ?? 0) < youngMs ? undefined : changedMs
    return read()
  }
}
