import type { Protocol } from '../../control/protocol.ts'
import type { Answers } from '../../control/server.ts'
import { TorchError } from '../../errors.ts'
import { testReport, unknownTarget } from '../../notify/test-message.ts'
import { endRun, sendSignal } from '../../run/end.ts'
import type { LiveRun } from '../../run/live-run.ts'
import { unknownTask } from '../../tasks/select.ts'
import type { Task } from '../../tasks/task.ts'
import { plainLine } from '../../text/sanitize.ts'
import { atMaxText, whyNotStarted } from '../../text/why-not-started.ts'
import { answerScripts, scriptForPerson } from './scripts-answer.ts'
import { relayOf } from '../fleet/relay.ts'
import type { Handover } from '../handover.ts'
import { replaceRun } from '../starts/daemon-tasks.ts'
import { staysEnded } from '../starts/instance-end.ts'
import { fullPool, poolRefusal, runsInTheWay } from '../starts/pools.ts'
import { requestStart } from '../starts/request-start.ts'
import type { Daemon } from '../state.ts'
import type { Stop } from '../stop.ts'
import type { Reload } from '../tasks-file/reload.ts'
import { metricsWithFleet } from './daemon-metrics.ts'
import { changeInbox, takeMessages } from './messages.ts'
import { statusOf, statusOfTask } from './daemon-status.ts'
import { pauseTasks, resumeTasks } from './pause.ts'
import { sendLines } from './send-lines.ts'
import { historyAnswer, outputAnswer } from './view-answers.ts'

/** What requests ask of the daemon as a whole. */
export interface Actions {
  readonly reload: Reload
  readonly stop: Stop
  readonly handover: Handover
}

/** What the daemon answers to each request on its control socket. */
export function answersOf(daemon: Daemon, { reload, stop, handover }: Actions): Answers {
  const wholeStatus = oneAfterTheOther(() => statusOf(daemon))
  const plain = {
    status: ({ task }: Protocol['status']['request']) =>
      task === undefined ? wholeStatus() : statusOfTask(daemon, task),
    history: (request: Protocol['history']['request']) => historyAnswer(daemon, request),
    output: (request: Protocol['output']['request']) => outputAnswer(daemon, request),
  }
  return {
    ...plain,
    metrics: () => metricsWithFleet(daemon),
    reload: () => reload('command'),
    restart: ({ command, fleet }) => handover.request(command, fleet),
    stop(request) {
      stop.request(request)
      return { pid: daemon.host.processes.pid }
    },
    run: (request) => runNow(daemon, request),
    scripts: (request) => answerScripts(daemon, request),
    kill: (request) => killNow(daemon, request),
    pause: (request) => pauseTasks(daemon, request),
    resume: (request) => resumeTasks(daemon, request),
    send: (request) => sendLines(daemon, request),
    reopen() {
      const problem = daemon.log.reopen()
      if (problem !== undefined) throw new TorchError('log-unwritable', problem)
      return { log: daemon.settings.foreground ? null : daemon.paths.log }
    },
    message: (request) => takeMessages(daemon, request),
    inbox: (change) => changeInbox(daemon, change),
    events: (...call) => daemon.events.follow(...call),
    ...relayOf(daemon, plain),
    notify: ({ target }) => testTarget(daemon, target),
    flush() {
      daemon.history.flush()
      return {}
    },
  }
}

/** Calls that come during an earlier one wait: what many clients ask for at once must not fill the memory. */
function oneAfterTheOther<T>(call: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const next = last.then(call)
    last = next.catch(() => {})
    return next
  }
}

async function testTarget(
  { notifier, tasks }: Daemon,
  target: string,
): Promise<Protocol['notify']['reply']> {
  const delivery = await notifier.test(target)
  if (delivery === undefined) throw unknownTarget(target, tasks.loaded.file.notify.targets)
  return testReport(target, delivery)
}

async function runNow(
  daemon: Daemon,
  { task, force, update = false, by }: Protocol['run']['request'],
): Promise<Protocol['run']['reply']> {
  const { all } = daemon.tasks
  const found = all.get(task)
  if (found === undefined) throw unknownTask(task, [...all.keys()])
  const script = await scriptForPerson(daemon.scripts, found, update)
  const base = { task, slot: undefined, trigger: 'manual', attempt: 1, dueMs: undefined } as const
  const start = by === undefined ? base : { ...base, by: plainLine(by) }
  const first = requestStart(daemon, start, { forced: force, script })
  const answer = first.kind === 'waits' ? ((await first.later) ?? first) : first
  if (answer.kind === 'started') {
    const { run, elsewhere } = answer
    if (by !== undefined)
      logAction(daemon, { by, task, run: run.description.run }, `starts ${task}`)
    return { run: run.description.run, task, directory: run.directory, elsewhere }
  }
  const reason = answer.kind === 'skipped' ? answer.reason : 'max'
  if (reason === 'pool')
    throw poolRefusal(task, runsInTheWay(daemon, fullPool(daemon, found) ?? ''))
  throw new TorchError('refused', refusalText(daemon, found, reason), {
    hint: refusalHint(found, reason),
  })
}

function refusalHint({ fleet }: Task, reason: string): string {
  if (reason === 'draining') return 'start the daemon again first'
  if (reason.startsWith('max')) return 'wait until it ends, or add --force'
  return fleet === undefined
    ? 'try again'
    : 'add --force to start it on this machine without a word of the fleet'
}

function refusalText(daemon: Daemon, found: Task, reason: string): string {
  const { runs } = daemon
  const task = found.name
  if (reason === 'draining') return `the daemon is stopping: ${task} is not started`
  // In the fleet, runs on other machines count too.
  if (reason !== 'max') return `${task} is not started: ${whyNotStarted(reason)}`
  const running = runs.of(task).map((run) => run.description.run)
  if (running.length === 0) return `${task} is at its max: a start of it is being made`
  return atMaxText(task, running)
}

function killNow(
  daemon: Daemon,
  { target, signal, by }: Protocol['kill']['request'],
): Protocol['kill']['reply'] {
  const { runs, runContext } = daemon
  const matching = runs.all().filter((run) => matches(run, target))
  if (matching.length === 0) throw nothingToKill(daemon, target)
  const ended = matching.map((live) => {
    const { run, task } = live.description
    if (signal !== null) sendSignal(runContext, live, signal)
    else if (replaceRun(daemon, live)) return { run, task, replacing: true }
    else {
      const isFinal = staysEnded(daemon, live)
      endRun(runContext, live, 'kill')
      if (isFinal) return { run, task, staysEnded: true }
    }
    return { run, task }
  })
  if (by !== undefined)
    for (const { run, task } of ended)
      logAction(daemon, { by, task, run }, `ends the run ${run} of ${task}`)
  return { runs: ended }
}

/** What somebody did who is not at this machine. */
function logAction(
  { log }: Daemon,
  action: { readonly by: string; readonly task: string; readonly run: string },
  what: string,
): void {
  log.info('action', action, `${plainLine(action.by)} ${what}`)
}

function matches(run: LiveRun, target: string): boolean {
  return run.description.task === target || run.description.run === target
}

function nothingToKill({ tasks }: Daemon, target: string): TorchError {
  const isTask = tasks.all.has(target)
  const isRun = /^\d{8}T/.test(target)
  if (!isTask && !isRun) return unknownTask(target, [...tasks.all.keys()])
  return new TorchError('not-running', `${target} is not running`, {
    hint: 'torch status shows what runs',
  })
}
