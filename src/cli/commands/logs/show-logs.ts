import path from 'node:path'
import { exitStatus, TorchError } from '../../../errors.ts'
import { ambiguousRun, beginsRunId, runStamp } from '../../../run/directory.ts'
import { byOrder, type OrderedRun } from '../../../run/order.ts'
import { isSelected, isPattern } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import { type KeptRun, keptRuns, keptTasks, liveRuns } from '../../../follow/kept-runs.ts'
import { type LogWriter, plainWriter, prefixWriter } from './log-writer.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { fromStart, outputOf, untilWhole } from '../../../follow/run-output.ts'
import { followLines } from '../../../follow/follow-lines.ts'
import { followOutput, type Following } from '../../../follow/follow-output.ts'
import { newRunsOf } from '../../../follow/new-runs.ts'
import type { RunEvent } from '../../../follow/run-event.ts'

/** Runs `torch logs`. */
export async function showLogs(call: Call, values: Values): Promise<number> {
  if (call.args.some(beginsRunId)) return showLogsOfRun(call, values)
  return showLogsOfTasks(call, values)
}

/** Shows one run, named by its id or the beginning of it. */
function showLogsOfRun(call: Call, values: Values): Promise<number> {
  const [word = '', ...more] = call.args
  if (more.length > 0)
    throw usageError('tasks and a run id cannot be mixed', 'torch logs TASK, or torch logs RUN')
  if (values.run !== undefined || values.since !== undefined)
    throw usageError('--run and --since need a task, not a run id', `torch logs ${word}`)
  const { task, run } = findRun(
    inOrder(keptTasks(call, ['*']).flatMap((each) => keptRuns(call, each))),
    word,
  )
  return showLogsOfTasks({ ...call, args: [task] }, { ...values, run })
}

async function showLogsOfTasks(call: Call, values: Values): Promise<number> {
  checkOptions(call, values)
  const tasks = keptTasks(call, call.args)
  const kept = tasks.flatMap((task) => keptRuns(call, task))
  await checkRuns(call, values, kept)
  const runs = chosenRuns(call, values, kept)
  if (values.json && !values.follow) return showJson(call, values, runs)
  const isOfMany = values.since !== undefined
  const writer = isOneTask(call)
    ? plainWriter(call.terminal, isOfMany ? 'within' : 'beside', runs[0])
    : prefixWriter(call.terminal, tasks, isOfMany || (values.follow ?? false))
  if (values.follow) return followLogs(call, values, { runs, kept }, writer)
  for (const run of runs) await showRun(call, values, run, writer)
  return exitStatus.done
}

/** A pattern may match more tasks later. */
function isOneTask({ args }: Call): boolean {
  const [word = '', ...more] = args
  return more.every((each) => each === word) && !isPattern(word)
}

function checkOptions(call: Call, values: Values): void {
  const usual = `torch logs ${call.args.join(' ')}`
  if (values.run === undefined) return
  if (!isOneTask(call))
    throw usageError('--run needs exactly one task', `${usual.split(' ', 3).join(' ')} --run ID`)
  if (values.since !== undefined)
    throw usageError('--run and --since cannot be combined', `${usual} --since 1d`)
}

/** Throws for an argument that matches no task. Prints a note for a task without kept runs. */
async function checkRuns(call: Call, values: Values, kept: readonly KeptRun[]): Promise<void> {
  const tasks = [...new Set(kept.map(({ task }) => task))]
  const without = call.args.filter((word) => !tasks.some((task) => isSelected([word], task)))
  if (without.length === 0) return
  await (await import('../../daemon/tasks-file.ts')).requireKnownTasks(call, values, without)
  if (values.follow && values.run === undefined) return
  const [first = ''] = without
  if (tasks.length === 0) throw noRuns(first)
  for (const word of without) call.terminal.note(`no runs of ${word} are kept`)
}

/** The runs to show, oldest first: the one of --run, those after --since, or the last of each task. */
function chosenRuns(
  call: Call,
  values: Values,
  kept: readonly (KeptRun & OrderedRun)[],
): KeptRun[] {
  if (values.run !== undefined) return [findRun(kept, values.run, call.args[0])]
  const sorted = inOrder(kept)
  if (values.since === undefined) {
    const last = new Set(new Map(sorted.map((each) => [each.task, each])).values())
    // A task may have several runs at once: -f shows all of them, not only the last.
    const living = values.follow ? [...liveRuns(call.host, call.paths.home).values()].flat() : []
    return sorted.filter((each) => last.has(each) || living.includes(each.run))
  }
  const since = runStamp(values.since(call.host.clock.now()))
  const chosen = sorted.filter(({ run }) => run >= since)
  if (chosen.length === 0 && !values.follow && !values.json)
    call.terminal.note('no run that started since then is kept')
  return chosen
}

function inOrder<Run extends OrderedRun>(runs: readonly Run[]): Run[] {
  return runs.toSorted(byOrder)
}

function noRuns(word: string): TorchError {
  const runIt = isPattern(word) ? '' : `; torch run ${word} starts it`
  return new TorchError('no-runs', `no runs of ${word} are kept`, {
    hint: `torch history ${isPattern(word) ? `'${word}'` : word} shows its recorded runs${runIt}`,
  })
}

function findRun(runs: readonly KeptRun[], prefix: string, task?: string): KeptRun {
  const of = task === undefined ? '' : ` of ${task}`
  const found = runs.filter(({ run }) => run.startsWith(prefix))
  const [first] = found
  if (first === undefined)
    throw new TorchError('no-run', `no kept run${of} begins with "${prefix}"`, {
      hint: `torch history${task === undefined ? '' : ` ${task}`} shows the runs`,
    })
  if (found.length > 1)
    throw ambiguousRun(
      prefix,
      found.map((each) => each.run),
      task,
    )
  return first
}

async function showRun(call: Call, values: Values, run: KeptRun, writer: LogWriter): Promise<void> {
  // Look BEFORE reading: after its end a run writes nothing more.
  const over = await untilWhole(call.host, path.join(call.paths.runs, run.task, run.run))
  const output = outputOf(call, run, values.lines, (bytes) => writer.write(run, bytes))
  const isEmpty = !(await output.drain())
  output.close()
  await writer.end(run)
  if (isEmpty && values.lines !== 0)
    call.terminal.note(`${run.task} ${run.run} has no output${over ? '' : ' yet'}`)
}

/** JSON is text: bytes that are not UTF-8 are lost. If there may be several runs, it is a list. */
async function showJson(call: Call, values: Values, runs: readonly KeptRun[]): Promise<number> {
  const shown: object[] = []
  for (const { task, run } of runs) {
    const chunks: Uint8Array[] = []
    const take = async (bytes: Uint8Array): Promise<void> => void chunks.push(bytes)
    await untilWhole(call.host, path.join(call.paths.runs, task, run))
    await outputOf(call, { task, run }, values.lines, take).drain()
    shown.push({ task, run, output: Buffer.concat(chunks).toString('utf8') })
  }
  const isOne = isOneTask(call) && values.since === undefined
  await call.terminal.say(JSON.stringify(isOne ? shown[0] : shown, null, 2))
  return exitStatus.done
}

/**
 * Runs `torch logs -f`: shows `runs` and then new output, also of new runs (those not in `kept`) and
 * of new tasks that the arguments match, even while the daemon stops and starts again. With --run it
 * ends with the run; without it, what a run left behind is followed too. The output of several runs is mixed line by line, as it comes.
 */
async function followLogs(
  call: Call,
  values: Values,
  { runs, kept }: { readonly runs: readonly KeptRun[]; readonly kept: readonly KeptRun[] },
  writer: LogWriter,
): Promise<number> {
  const following = followingOf(call, values, runs, kept)
  if (values.json) {
    for await (const events of followLines(call, following))
      await call.terminal.out(events.map(jsonLine).join(''))
    return exitStatus.done
  }
  for await (const event of followOutput(call, following)) {
    if (event.kind === 'output') await writer.write(event.run, event.piece.bytes)
    if (event.kind === 'closed') await writer.end(event.run)
  }
  return exitStatus.done
}

function followingOf(
  call: Call,
  { run, lines }: Values,
  runs: readonly KeptRun[],
  kept: readonly KeptRun[],
): Following {
  const beginning = lines === undefined ? fromStart : { lastLines: lines }
  const chosen = runs.map((each) => ({ run: each, beginning }))
  if (run !== undefined) return { runs: chosen, untilClosed: false }
  const watchNew = (onChange: () => void) => newRunsOf(call, call.args, kept, onChange)
  return { runs: chosen, watchNew, untilClosed: true }
}

/** A line of `torch logs -f --json`. The start of a run is not one: its first line shows it. */
function jsonLine(event: RunEvent): string {
  switch (event.event) {
    case 'start':
      return ''
    case 'line': {
      const { task, run, line, at, partial } = event
      return `${JSON.stringify({ task, run, line, at, partial })}\n`
    }
    case 'end': {
      const { task, run, end } = event
      return `${JSON.stringify({ task, run, end })}\n`
    }
  }
}
