import type { Protocol, SendReport } from '../../control/protocol.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import {
  endInput,
  type InputAnswer,
  inputPosition,
  unreadBytes,
  writeInput,
} from '../../run/input.ts'
import { isLive, type LiveRun } from '../../run/live-run.ts'
import { unknownTask } from '../../tasks/select.ts'
import type { Daemon } from '../state.ts'

type Request = Protocol['send']['request']

/** Sends lines to the input of a run of the daemon. */
export function sendLines(daemon: Daemon, request: Request): SendReport {
  return giveLines(daemon.host, findRun(daemon, request), request)
}

/** Sends lines to a run, as many as there is room for, and closes its input if that is asked for. */
export function giveLines(host: Host, run: LiveRun, request: Request): SendReport {
  const { sender, at, lines, encoding, end } = request
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), encoding)
  const answer = writeInput(host, run, { sender, from: at, bytes })
  demand(request, answer)
  const closed = end && answer === 'written' ? endInput(host, run) : 'ended'
  if (closed === 'gone') throw notRunning(request.task)
  const position = inputPosition(host, run, sender)
  const whole = lineEnds(at, lines, encoding).filter((each) => each <= position).length
  return {
    task: request.task,
    run: run.description.run,
    lines: answer === 'written' ? lines.length : whole,
    state: closed === 'starting' ? closed : answer,
    unread: unreadBytes(host, run) ?? null,
  }
}

/** Where each line ends in the stream of its sender. */
function lineEnds(at: number, lines: readonly string[], encoding: Request['encoding']): number[] {
  let end = at
  return lines.map((line) => (end += Buffer.byteLength(line, encoding) + 1))
}

/** Throws if nothing can be sent to the run any more. */
function demand(
  { task }: Request,
  answer: InputAnswer,
): asserts answer is 'written' | 'full' | 'starting' {
  if (answer === 'gone') throw notRunning(task)
  if (answer === 'ended')
    throw new TorchError('input-ended', `the input of ${task} is closed`, {
      hint: `torch status ${task} shows whether it still runs`,
    })
}

/** The run that the lines are for. Throws if there is none, or more than one. */
function findRun({ tasks, runs }: Daemon, { task, run }: Request): LiveRun {
  const running = runs.of(task)
  const definition = tasks.all.get(task)
  if (definition === undefined && running.length === 0)
    throw unknownTask(task, [...tasks.all.keys()])
  const readers = running.filter((each) => isLive(each) && each.description.input === 'live')
  const found = readers.filter(({ description }) => run === null || description.run === run)
  const [first, ...more] = found
  if (first === undefined) {
    if (definition?.input.mode === 'live' && running.length === readers.length)
      throw run === null ? notRunning(task) : notRunning(`${run} of ${task}`)
    throw noInput(task, definition?.input.mode === 'live')
  }
  if (more.length === 0) return first
  const ids = found.map(({ description }) => description.run).join(', ')
  throw new TorchError('ambiguous-run', `several runs of ${task} are running: ${ids}`, {
    exit: exitStatus.usage,
    hint: 'choose one with --run, or send to each with --all',
  })
}

function notRunning(what: string): TorchError {
  return new TorchError('not-running', `${what} is not running`, {
    hint: 'torch run starts a task; with input: queue, lines wait until it runs',
  })
}

/** `isNew`: the tasks file has an input for the task, but what runs was started before. */
function noInput(task: string, isNew: boolean): TorchError {
  return isNew
    ? new TorchError('no-input', `${task} was started before it had an input`, {
        hint: `end it with torch kill ${task}, and start it again`,
      })
    : new TorchError('no-input', `${task} takes no input`, {
        exit: exitStatus.usage,
        hint: 'give the task input: live or input: queue in the tasks file',
      })
}
