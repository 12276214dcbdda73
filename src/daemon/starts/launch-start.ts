import type { Start } from '../../plan/admit.ts'
import { launchRun } from '../../run/launch.ts'
import { hasScript, recordKey, type ScriptTask } from '../../scripts/url-records.ts'
import { matchHosts } from '../../tasks/hosts.ts'
import type { Task } from '../../tasks/task.ts'
import { feedSoon } from './feed.ts'
import { messagesFor } from './messages.ts'
import type { FoundScript, StartAnswer, StartOptions, StartParts } from './start-parts.ts'

/**
 * Launches an admitted start. With a copy of its script it never waits for the network; without one it is held until
 * there is one, and `again` requests it once more.
 */
export function launchStart(
  parts: StartParts,
  task: Task,
  start: Start,
  options: StartOptions,
  again: (script: FoundScript) => void,
): StartAnswer {
  const { queue, scripts } = parts
  if (!hasScript(task)) return launch(parts, task, start, options)
  const key = recordKey(task)
  const found = options.script?.key === key ? options.script.script : scripts.now(task)
  if (found !== 'waits') return launch(parts, task, start, options, found)
  queue.hold(start)
  void fetchScript(parts, task, start, again)
  return { kind: 'waits' }
}

/** When the script is there, or not to be had, the start is held no longer. */
async function fetchScript(
  { queue, scripts }: StartParts,
  task: ScriptTask,
  start: Start,
  again: (script: FoundScript) => void,
): Promise<void> {
  const script = await scripts.prepare(task)
  if (queue.release(start)) again({ key: recordKey(task), script })
}

function launch(
  parts: StartParts,
  task: Task,
  start: Start,
  { restartDelayMs = 0, restarts = 0, starts = [] }: StartOptions,
  script?: FoundScript['script'],
): StartAnswer {
  const { tasks, runs, queue, runContext, journal } = parts
  const { revision } = tasks.loaded
  const messages = messagesFor(parts.messages.inbox, task, start)
  const token = tokenOf(parts, start)
  const place = { restartDelayMs, restarts, starts }
  const request = { task, start, revision, ...place, messages, script, token }
  if (start.trigger !== 'retry' && queue.afterEnds.rounds.has(task.name)) {
    queue.afterEnds.forget(task.name)
    queue.saveSoon()
  }
  const run = launchRun(runContext, request)
  runs.add(run)
  journal.started(run.description, run.recorder?.pid)
  if (task.input.mode === 'queue' && task.type === 'daemon') feedSoon(parts, task.name)
  return { kind: 'started', run, elsewhere: !matchHosts(task.hosts, tasks.facts) }
}

/** It grows with each owner, so that others can tell an old one from a new one. */
function tokenOf({ fleet }: StartParts, { claim }: Start): number | undefined {
  const held = claim?.holding === undefined ? undefined : fleet?.holdings.byId(claim.holding)
  return held?.token ?? claim?.sequence
}
