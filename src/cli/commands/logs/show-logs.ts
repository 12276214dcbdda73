import { exitStatus, TorchError } from '../../../errors.ts'
import { beginsRunId, runStamp } from '../../../run/directory.ts'
import { isNamed, isPattern } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import { followLogs } from './follow-logs.ts'
import { type KeptRun, keptRuns, keptTasks } from '../../daemon/kept-runs.ts'
import { liveRuns } from '../../daemon/live-runs.ts'
import { type LogWriter, plainWriter, prefixWriter } from './log-writer.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { outputOf } from './run-output.ts'

/** What `torch logs` does. */
export async function showLogs(call: Call, values: Values): Promise<number> {
  if (call.args.some(beginsRunId)) return showLogsOfRun(call, values)
  return showLogsOfTasks(call, values)
}

/** A run is known by its id, or the beginning of it, whatever its task. */
function showLogsOfRun(call: Call, values: Values): Promise<number> {
  const [word = '', ...more] = call.args
  if (more.length > 0)
    throw usageError('either tasks or one run', 'torch logs TASK, or torch logs RUN')
  if (values.run !== undefined || values.since !== undefined)
    throw usageError('--run and --since go with tasks', `torch logs ${word}`)
  const { task, run } = findRun(
    inOrder(keptTasks(call, ['*']).flatMap((each) => keptRuns(call, each))),
    word,
  )
  return showLogsOfTasks({ ...call, args: [task] }, { ...values, run })
}

async function showLogsOfTasks(call: Call, values: Values): Promise<number> {
  demandSense(call, values)
  const tasks = keptTasks(call, call.args)
  const kept = tasks.flatMap((task) => keptRuns(call, task))
  await demandRuns(call, values, kept)
  const runs = chosenRuns(call, values, kept)
  if (values.json) return showJson(call, values, runs)
  const isOfMany = values.since !== undefined
  const writer = isOneTask(call)
    ? plainWriter(call.terminal, isOfMany ? 'within' : 'beside', runs[0])
    : prefixWriter(call.terminal, tasks, isOfMany || (values.follow ?? false))
  if (values.follow) return followLogs(call, values, { runs, kept }, writer)
  for (const run of runs) await showRun(call, values, run, writer)
  return exitStatus.done
}

/** One by its name; of a pattern more may come. */
function isOneTask({ args }: Call): boolean {
  const [word = '', ...more] = args
  return more.every((each) => each === word) && !isPattern(word)
}

function demandSense(call: Call, values: Values): void {
  const usual = `torch logs ${call.args.join(' ')}`
  if (values.follow && values.json && call.from.json === 'flag')
    throw usageError('--json does not go with -f', `${usual} --json`)
  if (values.run === undefined) return
  if (!isOneTask(call))
    throw usageError('--run goes with one task', `${usual.split(' ', 3).join(' ')} --run ID`)
  if (values.since !== undefined) throw usageError('either --run or --since', `${usual} --since 1d`)
}

/** Words that mean no task are refused; of a task without runs it is said that there are none. */
async function demandRuns(call: Call, values: Values, kept: readonly KeptRun[]): Promise<void> {
  const tasks = [...new Set(kept.map(({ task }) => task))]
  const without = call.args.filter((word) => !tasks.some((task) => isNamed([word], task)))
  if (without.length === 0) return
  await (await import('../../daemon/known-tasks.ts')).demandKnown(call, values, without)
  if (values.follow && values.run === undefined) return
  const [first = ''] = without
  if (tasks.length === 0) throw noRuns(first)
  for (const word of without) call.terminal.note(`no run of ${word} is kept`)
}

/** Those that are to be shown, of all that are there; oldest first. */
function chosenRuns(call: Call, values: Values, kept: readonly KeptRun[]): KeptRun[] {
  if (values.run !== undefined) return [findRun(kept, values.run, call.args[0])]
  const sorted = inOrder(kept)
  if (values.since === undefined) {
    const last = new Set(new Map(sorted.map((each) => [each.task, each])).values())
    // Of a task with several places all that still runs has more to say, not its last run alone.
    const living = values.follow ? [...liveRuns(call.host, call.paths.home).values()].flat() : []
    return sorted.filter((each) => last.has(each) || living.includes(each.run))
  }
  const since = runStamp(values.since(call.host.clock.now()))
  const chosen = sorted.filter(({ run }) => run >= since)
  if (chosen.length === 0 && !values.follow && !values.json)
    call.terminal.note('no run that is kept was started since then')
  return chosen
}

function inOrder(runs: readonly KeptRun[]): KeptRun[] {
  return runs.toSorted((a, b) => (a.run < b.run ? -1 : 1))
}

function noRuns(word: string): TorchError {
  const runIt = isPattern(word) ? '' : `; torch run ${word} runs it`
  return new TorchError('no-runs', `no run of ${word} is kept`, {
    hint: `torch history ${isPattern(word) ? `'${word}'` : word} shows what is on record${runIt}`,
  })
}

function findRun(runs: readonly KeptRun[], prefix: string, task?: string): KeptRun {
  const of = task === undefined ? '' : ` of ${task}`
  const found = runs.filter(({ run }) => run.startsWith(prefix))
  const [first] = found
  if (first === undefined)
    throw new TorchError('no-run', `no run${of} that is kept begins with "${prefix}"`, {
      hint: `torch history${task === undefined ? '' : ` ${task}`} shows the runs`,
    })
  if (found.length > 1)
    throw usageError(
      `${found.length} runs${of} begin with "${prefix}", from ${first.run} to ${found.at(-1)?.run}`,
      'give more of the run id',
    )
  return first
}

async function showRun(call: Call, values: Values, run: KeptRun, writer: LogWriter): Promise<void> {
  const output = outputOf(call, run, values.lines, (bytes) => writer.write(run, bytes))
  await output.drain()
  output.close()
  await writer.end(run)
}

/** As text: what is not UTF-8 in it is not kept. Of what may be several runs a list. */
async function showJson(call: Call, values: Values, runs: readonly KeptRun[]): Promise<number> {
  const shown: object[] = []
  for (const { task, run } of runs) {
    const chunks: Uint8Array[] = []
    const take = async (bytes: Uint8Array): Promise<void> => void chunks.push(bytes)
    await outputOf(call, { task, run }, values.lines, take).drain()
    shown.push({ task, run, output: Buffer.concat(chunks).toString('utf8') })
  }
  const isOne = isOneTask(call) && values.since === undefined
  await call.terminal.say(JSON.stringify(isOne ? shown[0] : shown, null, 2))
  return exitStatus.done
}
