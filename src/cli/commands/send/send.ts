import type { StatusReport, TaskStatus } from '../../../control/status-report.ts'
import { lineFault } from '../../../text/line-fault.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { isPattern, isSelected, selectNames } from '../../../tasks/select.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { requireSameFile } from '../../daemon/tasks-file.ts'
import { inputLines } from '../../terminal/input-lines.ts'
import { type Delivery, eachBatch, showDeliveries } from './delivery.ts'
import { type ChosenRun, sendToRuns } from './live.ts'
import { queueWithoutDaemon, sendToQueues, tasksWithoutDaemon } from './queue.ts'

/** Runs `torch send`. Throws for a wrong line or task before it sends anything. */
export async function send(call: Call, values: Values): Promise<number> {
  const [word = '', ...words] = call.args
  if (values.run !== undefined && values.all)
    throw usageError('--run and --all cannot be combined', `torch send ${word} --all LINE...`)
  const lines = words.map(lineOf)
  const status = await ask(call, 'status', {}, 'optional')
  if (status !== undefined) await requireSameFile(call, values, status.file.path)
  const deliveries =
    status === undefined
      ? [await sendWithoutDaemon(call, values, word, lines)]
      : await sendByDaemon(call, values, word, lines, status)
  await showDeliveries(call, values, deliveries)
  return exitStatus.done
}

/** A pattern may mean queues and runs: both get the lines. */
async function sendByDaemon(
  call: Call,
  values: Values,
  word: string,
  lines: readonly Buffer[],
  status: StatusReport,
): Promise<Delivery[]> {
  const isForRuns = hasReaders(status, word)
  // --run names a run, and a queue has none.
  const queues = isForRuns && values.run !== undefined ? [] : queuesNamed(status, word)
  if (queues.length === 0)
    return [
      await sendToRuns(
        call,
        values,
        chooseRuns(status, word, values),
        batches(call, values, lines),
      ),
    ]
  if (!isForRuns) {
    demandNoRun(word, values)
    return [await sendToQueues(call, queues, batches(call, values, lines))]
  }
  const runs = chooseRuns(status, word, values)
  // Only one of the two could read standard input as it comes.
  const all = await together(batches(call, values, lines))
  return [await sendToQueues(call, queues, all()), await sendToRuns(call, values, runs, all())]
}

/** A queue needs no daemon: the next one finds what waits. A run cannot be reached without one. */
async function sendWithoutDaemon(
  call: Call,
  values: Values,
  word: string,
  lines: readonly Buffer[],
): Promise<Delivery> {
  const tasks = await tasksWithoutDaemon(call, values, word)
  const queues = tasks?.filter(({ input }) => input.mode === 'queue') ?? []
  if (tasks?.every(({ input }) => input.mode === 'none')) throw noInput(word)
  if (queues.length === 0) await ask(call, 'status', {}, 'required')
  demandNoRun(word, values)
  return queueWithoutDaemon(call, values, queues, batches(call, values, lines))
}

/** The tasks with a queue that are meant: by a pattern, only those that belong to this machine. */
function queuesNamed({ tasks }: StatusReport, word: string): string[] {
  return tasks
    .filter(({ name, input, reason }) => {
      const isMeant = isSelected([word], name) && !(isPattern(word) && reason === 'hosts')
      return isMeant && input?.mode === 'queue'
    })
    .map(({ name }) => name)
}

/** Whether a pattern also means runs that read lines. */
function hasReaders({ tasks }: StatusReport, word: string): boolean {
  return tasks.some(
    (task) => isSelected([word], task.name) && hasInput(task) && task.running.length > 0,
  )
}

/** Messages are for the next run that reads, whichever it is. */
function demandNoRun(word: string, { run, end, all }: Values): void {
  if (run === undefined && end !== true && all !== true) return
  throw usageError(
    `${word} has a queue: --run, --end and --all are for input: live`,
    `torch send ${word} LINE...`,
  )
}

/** Reads all lines. What it returns gives them again, and the error that followed them. */
async function together(
  batch: AsyncIterable<readonly Buffer[]>,
): Promise<() => AsyncGenerator<readonly Buffer[]>> {
  const all: Buffer[] = []
  const errors = await eachBatch(batch, async (lines) => {
    all.push(...lines)
    return true
  })
  return async function* () {
    yield all
    if (errors.length > 0) throw errors[0]
  }
}

/** Node puts U+FFFD where a word is not UTF-8: what was meant is lost. */
const lostCharacter = '\uFFFD'
const lostFault = 'has U+FFFD, which stands for bytes that are not UTF-8'

function lineOf(word: string, index: number): Buffer {
  const fault = word.includes(lostCharacter) ? lostFault : lineFault(word)
  if (fault === undefined) return Buffer.from(word)
  throw usageError(
    `word ${index + 1} ${fault}; nothing is sent`,
    'each word is one line; for larger data, send the path of a file',
  )
}

/** The lines to send: the words, or what comes on standard input. */
async function* batches(
  { host, terminal }: Call,
  { end }: Values,
  lines: readonly Buffer[],
): AsyncGenerator<readonly Buffer[]> {
  if (lines.length > 0) yield lines
  // Whoever only closes the input must not have to close standard input first.
  else if (!end || host.files.isPiped()) yield* inputLines(terminal)
}

/** The runs that are meant. Throws if there are none, or several of one task without --all. */
function chooseRuns({ tasks }: StatusReport, word: string, values: Values): ChosenRun[] {
  const names = new Set(
    selectNames(
      [word],
      tasks.map(({ name }) => name),
    ),
  )
  const meant = tasks.filter(({ name }) => names.has(name))
  const readers = isPattern(word) ? meant.filter(hasInput) : meant
  const chosen = readers.map((task) => ({ task, runs: runsOf(task, values) }))
  const several = chosen.find(({ runs }) => runs.length > 1)
  if (several !== undefined && !values.all) throw ambiguous(several.task.name, several.runs)
  const runs = chosen.flatMap(({ task, runs: ids }) => ids.map((run) => ({ task: task.name, run })))
  if (runs.length > 0) return runs
  if (!meant.some(hasInput)) throw noInput(word)
  throw notRunning(word, values)
}

function hasInput({ input }: TaskStatus): boolean {
  return input?.mode === 'live'
}

function runsOf({ running }: TaskStatus, { run }: Values): string[] {
  return run === undefined ? running : running.filter((id) => id.startsWith(run))
}

function ambiguous(task: string, runs: readonly string[]): TorchError {
  return usageError(
    `several runs of ${task} are running: ${runs.join(', ')}`,
    'choose one with --run, or send to each with --all',
  )
}

function noInput(word: string): TorchError {
  return new TorchError('no-input', `${word} takes no input`, {
    exit: exitStatus.usage,
    hint: 'give the task input: live or input: queue in the tasks file',
  })
}

function notRunning(word: string, { run }: Values): TorchError {
  const start = isPattern(word) ? 'start the tasks' : `torch run ${word} starts it`
  const what = run === undefined ? word : `a run of ${word} that begins with ${run}`
  return new TorchError('not-running', `${what} is not running`, {
    hint: `${start}; with input: queue, lines wait until it runs`,
  })
}
