import path from 'node:path'
import { unknownTask } from '../../../tasks/select.ts'
import { scriptForPerson } from '../../../daemon/control/scripts-answer.ts'
import { giveLines } from '../../../daemon/control/send-lines.ts'
import { pauseReport } from '../../../daemon/control/pause-request.ts'
import { openHome } from '../../../daemon/startup/open-home.ts'
import { interceptSignals } from '../../../daemon/signals.ts'
import { TorchError } from '../../../errors.ts'
import { admit, type Start } from '../../../plan/admit.ts'
import { type History, openHistory } from '../../../record/history/write-history.ts'
import { readHistoryOrRuns } from '../../../record/history/read-history.ts'
import { runRow } from '../../../record/history/rows.ts'
import { readPaused } from '../../../daemon/starts/pauses.ts'
import { batchEnd } from '../../../daemon/starts/message-starts.ts'
import { poolRefusal } from '../../../daemon/starts/pools.ts'
import { messagesFor } from '../../../daemon/starts/messages.ts'
import { settleBatch } from '../../../record/inbox/batch.ts'
import { openInbox } from '../../../record/inbox/inbox.ts'
import { atMaxText, fullPoolOf } from '../../../text/why-not-started.ts'
import { counted } from '../../../text/plural.ts'
import { readTraces, type RunConclusion } from '../../../run/directory.ts'
import { killRun, sendSignal } from '../../../run/end.ts'
import { signalRun } from '../../../run/process-group.ts'
import { wakeOpeners } from '../../../run/input.ts'
import { newFaults } from '../../../run/faults.ts'
import { launchRun, type LaunchRequest, newRunContext } from '../../../run/launch.ts'
import type { LiveRun, RunContext } from '../../../run/live-run.ts'
import { newEventOrder } from '../../../run/order.ts'
import { cutMiddle, isCollecting, noteWritten, writtenFolder } from '../../../run/output.ts'
import { removeInput } from '../../../run/run-messages.ts'
import { newTaskSockets, openSockets } from '../../../run/task-sockets.ts'
import { removeOldRuns } from '../../../run/retention.ts'
import { matchHosts } from '../../../tasks/hosts.ts'
import type { Task } from '../../../tasks/task.ts'
import type { Call } from '../../command.ts'
import { exitStatusOf } from '../../terminal/outcomes.ts'
import { runInPauseNotes } from '../../terminal/pause-words.ts'
import { liveRuns } from '../../../follow/kept-runs.ts'
import { factsHere } from '../../args/host-facts.ts'
import { readTasks, tasksPath } from '../../daemon/tasks-file.ts'
import type { Values } from '../../args/options.ts'
import { untilWhole, wholeOutput } from '../../../follow/run-output.ts'
import { openScripts } from '../scripts/scripts-without-daemon.ts'
import { connectInput } from './connect-input.ts'
import { endWords, otherHostWarning } from './run-in-daemon.ts'
import { pause } from '../../../host/clock.ts'

/** How long to wait for the history, in milliseconds: other `torch run`s may write it at the same time. */
const maxLockWaitMs = 2_000

/** How often to look for output, in milliseconds. */
const pollMs = 25

/**
 * Runs a task in this process and records it like any other run. A daemon that starts meanwhile
 * finds the run in `active` and adopts it. Returns the exit status for this command.
 */
export async function runWithoutDaemon(call: Call, values: Values, name: string): Promise<number> {
  const { host, terminal, paths } = call
  const { file, revision } = await readTasks(call, tasksPath(call, values, undefined))
  const task = file.tasks.find((each) => each.name === name)
  if (task === undefined)
    throw unknownTask(
      name,
      file.tasks.map((each) => each.name),
    )
  openHome(host, paths.home)
  const facts = factsHere(call, values)
  const { pauses } = readPaused(host, paths)
  const paused = pauseReport(pauses, name, undefined, host.clock.now())
  for (const note of runInPauseNotes(host, name, paused)) terminal.note(note)
  if (!matchHosts(task.hosts, facts)) terminal.note(otherHostWarning(name))
  checkMax(call, task, values.force ?? false)
  if (values.force !== true) checkPools(call, task, file.tasks)
  const scripts = openScripts(call, values)
  const script = (await scriptForPerson(scripts, task, values.update ?? false))?.script

  terminal.outlive()
  host.processes.closeInherited([])
  const history = openRunHistory(call)
  const hostName = facts.names[0] ?? host.network.name()
  const launched = launch(call, { task, script, revision, restartDelayMs: 0 }, hostName, history)
  const release = interceptSignals((signal) => sendSignal(launched.context, launched.run, signal))
  const { description, directory } = launched.run
  const input = connectInput(call, { ...description, directory }, async (request) =>
    giveLines(host, launched.run, request),
  )
  const output = wholeOutput(host, directory, terminal.out)
  while (launched.conclusion() === undefined) {
    await output.drain()
    wakeOpeners(host, launched.run)
    await pause(host.clock, pollMs)
  }
  await untilWhole(host, directory)
  await output.drain()
  output.close()
  await untilAllGone(launched.context, launched.run)
  launched.context.faults.close()
  release()
  launched.sockets.close(() => true)
  const conclusion = launched.conclusion()
  if (conclusion === undefined) throw new Error('a run ended without a conclusion')
  endMessages(call, task, launched, conclusion)
  const status = await finish(call, task, launched.run, conclusion, history)
  return input.failure() ?? status
}

/** Throws if the task is at its max: the decision of the daemon, made from the run directories. */
function checkMax({ host, paths }: Call, task: Task, forced: boolean): void {
  const running = liveRuns(host, paths.home).get(task.name) ?? []
  const place = { running: running.map((run) => ({ run, ending: false })), waiting: undefined }
  if (
    admit(task, place, manualStart(task), { draining: false, here: true, forced }).answer ===
    'start'
  )
    return
  if (running.length < task.max)
    throw new TorchError(
      'refused',
      `${task.name} is not started: the fleet shares it, and only a daemon can ask the fleet`,
      { hint: 'start the daemon first: torch start; or add --force' },
    )
  throw new TorchError('refused', atMaxText(task.name, running), {
    hint: 'wait until it ends, or add --force',
  })
}

/** The same for its pools: the runs of all their tasks count. */
function checkPools({ host, paths }: Call, { name, pools }: Task, tasks: readonly Task[]): void {
  if (pools.length === 0) return
  const live = liveRuns(host, paths.home)
  for (const pool of pools) {
    const members = tasks.filter((each) => each.pools.some((one) => one.name === pool.name))
    const runs = members.flatMap((each) =>
      (live.get(each.name) ?? []).map((run) => ({ task: each.name, run })),
    )
    if (runs.length < pool.size) continue
    throw poolRefusal(name, fullPoolOf(pool.name, runs))
  }
}

function manualStart({ name }: Task): Start {
  return { task: name, slot: undefined, trigger: 'manual', attempt: 1, dueMs: undefined }
}

/** Once the end of a run is recorded, its entry in `active` is removed. */
function openRunHistory({ host, terminal, paths }: Call): History {
  return openHistory(paths.history, {
    lockWaitMs: maxLockWaitMs,
    after: (ms, callback) => host.clock.after(ms, callback),
    now: () => host.clock.now(),
    onTrouble: (words) => terminal.note(`torch: ${words}`),
    onWritten: (rows) => {
      for (const { run, outcome } of rows)
        if (run !== null && outcome !== 'running') host.files.remove(path.join(paths.active, run))
    },
  })
}

function launch(
  call: Call,
  request: Omit<LaunchRequest, 'start'>,
  hostName: string,
  history: History,
) {
  const { host, terminal, paths } = call
  let conclusion: RunConclusion | undefined
  const sockets = newTaskSockets(host)
  const context = newRunContext({
    host,
    home: paths.home,
    hostName,
    onEnd: (_run, ended) => {
      conclusion = ended
    },
    onTrouble: (_run, words) => terminal.note(`torch: ${words}`),
    faults: newFaults(host.clock, (words) => terminal.note(`torch: ${words}`)),
    order: newEventOrder(host, paths.home, lastPlace(call)),
    socketsOf: (each) => openSockets(sockets, each, []),
  })
  const { task } = request
  const start = manualStart(task)
  const messages = messagesFor(openInbox(host, paths.inbox, noteDamaged(terminal)), task, start)
  const run = launchRun(context, { ...request, start, messages })
  history.add(runRow(run.description), run.description.orderMs)
  return { context, run, sockets, conclusion: () => conclusion }
}

function noteDamaged({ note }: Call['terminal']) {
  return (task: string, id: string, why: string): void =>
    note(`torch: the message ${id} of ${task} is damaged: ${why}`)
}

/** A daemon that was started meanwhile may have done the same already. */
function endMessages(
  { host, terminal, paths }: Call,
  task: Task,
  { context, run }: { readonly context: RunContext; readonly run: LiveRun },
  conclusion: RunConclusion,
): void {
  if (run.messages.length === 0) return
  const inbox = openInbox(host, paths.inbox, noteDamaged(terminal))
  const end = { ...batchEnd(conclusion, false, task.retry.attempts), attempt: 1 }
  const { dead } = settleBatch(inbox, task.name, run.description.run, end)
  removeInput(context, run)
  if (dead > 0)
    terminal.note(`torch: ${counted(dead, 'message')} dead, see torch inbox ${task.name} --dead`)
}

/** The place in order of what happened last in this home. */
function lastPlace({ host, paths }: Call): number {
  const reader = readHistoryOrRuns(host, paths, () => {})
  const place = reader.lastMs()
  reader.close()
  return place
}

/** Waits for the KILL of processes that survived TERM, if torch ended the run. */
async function untilAllGone(context: RunContext, run: LiveRun): Promise<void> {
  while (run.state.kind === 'killing-stragglers' && signalRun(context.host, run, 0))
    await pause(context.host.clock, pollMs)
  killRun(context, run)
}

async function finish(
  { host, terminal, paths }: Call,
  task: Task,
  run: LiveRun,
  conclusion: RunConclusion,
  history: History,
): Promise<number> {
  const { description, directory } = run
  const recorded = readTraces(host, directory).exit?.status
  history.add(runRow(description, conclusion), description.orderMs)
  history.close()
  // The next daemon truncates what is still written.
  const isOpen = isCollecting(host, run)
  if (isOpen) noteWritten(host, paths.home, run)
  else await cutMiddle(host, directory, description.maxOutputBytes)
  const living = liveRuns(host, paths.home).get(task.name) ?? []
  const open = host.files.list(writtenFolder(paths.home))
  const mustStay = (id: string): boolean => living.includes(id) || open.includes(id)
  removeOldRuns(host, paths.home, task.name, task.output, mustStay)
  if (conclusion.outcome !== 'ok') terminal.note(endWords(task.name, description.run, conclusion))
  return exitStatusOf(conclusion, recorded)
}
