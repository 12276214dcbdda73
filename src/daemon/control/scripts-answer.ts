import type { Protocol, ScriptReport } from '../../control/protocol.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { timeText } from '../../record/history/rows.ts'
import { type ScriptForRun } from '../../run/run-script.ts'
import type { Scripts } from '../../scripts/scripts.ts'
import { hasScript, recordKey, type ScriptTask, sumFor } from '../../scripts/url-records.ts'
import { selectNames } from '../../tasks/select.ts'
import type { Task } from '../../tasks/task.ts'
import { cleanScripts } from '../starts/daemon-scripts.ts'
import type { FoundScript } from '../starts/start-parts.ts'
import type { Daemon } from '../state.ts'

type Request = Protocol['scripts']['request']
type Reply = Protocol['scripts']['reply']

/** Answers `torch scripts`. */
export async function answerScripts(daemon: Daemon, request: Request): Promise<Reply> {
  const { scripts, tasks } = daemon
  const chosen = chosenScripts(request.tasks, [...tasks.all.values()], tasks.here)
  if (request.update) await updateAll(scripts, chosen)
  const removed = request.clean ? cleanScripts(daemon, true) : []
  return { scripts: chosen.map((task) => reportOf(scripts, task)), removed }
}

/**
 * The tasks with a script that the words mean; without words all that run here. Throws for a word that means
 * no task, or a task without a script.
 */
export function chosenScripts(
  words: readonly string[],
  all: readonly Task[],
  here: ReadonlyMap<string, Task>,
): ScriptTask[] {
  if (words.length === 0) return [...here.values()].filter(hasScript)
  const meant = new Set(
    selectNames(
      words,
      all.map(({ name }) => name),
    ),
  )
  const found = all.filter(({ name }) => meant.has(name))
  const named = found.find((task) => !hasScript(task) && words.includes(task.name))
  if (named !== undefined) throw noScript(named.name)
  return found.filter(hasScript)
}

/** Each URL is asked once, and a few at one time. */
export async function updateAll(scripts: Scripts, tasks: readonly ScriptTask[]): Promise<void> {
  await Promise.all(tasks.map((task) => scripts.update(task)))
}

/**
 * The script for a run that a person asks for, which waits for it. Throws if `update` is asked for, and the
 * newest version cannot be had, or the task has no script.
 */
export async function scriptForPerson(
  scripts: Scripts,
  task: Task,
  update: boolean,
): Promise<FoundScript | undefined> {
  if (!hasScript(task)) {
    if (update) throw noScript(task.name)
    return undefined
  }
  const script = update ? await updated(scripts, task) : await scripts.prepare(task)
  return { key: recordKey(task), script }
}

async function updated(scripts: Scripts, task: ScriptTask): Promise<ScriptForRun> {
  const script = await scripts.update(task)
  if (script.kind === 'copy') return script
  const { path } = reportOf(scripts, task)
  throw new TorchError('no-script', script.reason, {
    hint:
      path === null
        ? 'nothing was started, and there is no older copy'
        : `nothing was started; to run the copy that is here: torch run ${task.name}`,
  })
}

function noScript(task: string): TorchError {
  return new TorchError('usage', `${task} has no script`, {
    exit: exitStatus.usage,
    hint: 'torch scripts shows the tasks that have one',
  })
}

/** What is known of the script of a task. Throws if the cache folder cannot be read. */
export function reportOf({ cache, records }: Scripts, task: ScriptTask): ScriptReport {
  const { url, update, sha256: pin } = task.script
  const record = records.read(recordKey(task))
  const refusal = cache.refusal()
  const sum = sumFor(task, records)
  const copy = sum === undefined || refusal !== undefined ? undefined : cache.find(sum)
  const failure = pin !== undefined && copy !== undefined ? null : (record?.failure ?? null)
  const why = refusal ?? failure?.why ?? (copy === undefined ? 'not fetched yet' : null)
  return {
    ...{ task: task.name, url },
    sha256: copy === undefined ? null : (sum ?? null),
    bytes: copy?.bytes ?? null,
    fetchedAt: copy === undefined ? null : timeText(record?.current?.fetchedMs ?? copy.storedMs),
    finalUrl: copy === undefined ? null : (record?.current?.finalUrl ?? null),
    lookedAt: timeOrNull(record?.lookedMs),
    state: copy === undefined ? 'missing' : why === null ? 'ok' : 'stale',
    reason: why,
    staleSince: copy === undefined ? null : timeOrNull(failure?.sinceMs),
    ...{ pinned: pin !== undefined, update },
    path: copy?.path ?? null,
  }
}

function timeOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : timeText(ms)
}
