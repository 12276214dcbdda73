import path from 'node:path'
import { deniedHome } from '../../control/client.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { hasCode } from '../../host/files.ts'
import { isRunId } from '../../run/id.ts'
import type { Call, Command } from '../command.ts'
import { usageError } from '../option.ts'
import type { Values } from '../options.ts'
import { openOutput, type RunOutput, tailOffset } from '../run-output.ts'
import { pause } from '../times.ts'

/** How often it looks for more. */
const pollMs = 200

export const logs: Command = {
  words: 'TASK',
  mostWords: 1,
  leastWords: 1,
  options: ['run', 'follow', 'lines'],
  about: `The output of the last run of a task, or of one by its id (torch history shows them),
byte for byte as it was written. Works without a daemon too.`,
  examples: [
    ['logs backup', 'the last run'],
    ['logs consumer -f -n 20', 'its last 20 lines, and all that comes'],
    ['logs backup --run 20261121T0230', 'the run whose id begins so'],
    ['logs backup --json', 'the run with its output, for a program'],
  ],
  async run(call, values) {
    const [task = ''] = call.words
    if (values.follow && call.from.json === 'flag')
      throw usageError('--json does not go with -f', `torch logs ${task} --json`)
    const runs = runsOf(call, task)
    if (runs.length === 0) {
      await (await import('../known-tasks.ts')).demandKnown(call, values, [task])
      if (values.run !== undefined || !values.follow) throw noRuns(task)
    }
    const first = values.run === undefined ? runs.at(-1) : findRun(task, runs, values.run)
    if (values.follow) return follow(call, values, task, first)
    const run = first ?? ''
    if (values.json) await showJson(call, values, task, run)
    else await outputOf(call, values, task, run, (bytes) => call.terminal.out(bytes)).drain()
    return exitStatus.done
  },
}

/** Ids of the runs that have a directory, oldest first. */
function runsOf({ host, paths }: Call, task: string): string[] {
  try {
    if (!host.files.list(paths.runs).includes(task)) return []
    return host.files.list(path.join(paths.runs, task)).filter(isRunId)
  } catch (error) {
    throw hasCode(error, 'EACCES', 'EPERM') ? deniedHome(paths.home, error) : error
  }
}

/** As text: what is not UTF-8 in it is not kept. */
async function showJson(call: Call, values: Values, task: string, run: string): Promise<void> {
  const chunks: Uint8Array[] = []
  await outputOf(call, values, task, run, async (bytes) => void chunks.push(bytes)).drain()
  const output = Buffer.concat(chunks).toString('utf8')
  await call.terminal.say(JSON.stringify({ task, run, output }, null, 2))
}

function noRuns(task: string): TorchError {
  return new TorchError('no-runs', `no run of ${task} is kept`, {
    hint: `torch history ${task} shows what is on record; torch run ${task} runs it`,
  })
}

function findRun(task: string, runs: readonly string[], prefix: string): string {
  const found = runs.filter((run) => run.startsWith(prefix))
  const [run] = found
  if (run === undefined)
    throw new TorchError('no-run', `no run of ${task} that is kept begins with "${prefix}"`, {
      hint: `torch history ${task} shows the runs`,
    })
  if (found.length > 1)
    throw usageError(
      `${found.length} runs of ${task} begin with "${prefix}", from ${run} to ${found.at(-1)}`,
      'give more of the run id',
    )
  return run
}

function outputOf(
  { host, paths }: Call,
  { lines }: Values,
  task: string,
  run: string,
  show: (bytes: Uint8Array) => Promise<void>,
): RunOutput {
  const begin = (file: string) => (lines === undefined ? 0 : tailOffset(host, file, lines))
  return openOutput(host, path.join(paths.runs, task, run), begin, show)
}

/** Of several runs at a time each is shown as it comes, with a line on standard error at each change. */
async function follow(
  call: Call,
  values: Values,
  task: string,
  first: string | undefined,
): Promise<number> {
  const { host, terminal, paths } = call
  const open = new Map<string, RunOutput>()
  let newest = first ?? ''
  let shown = first
  const add = (run: string, given: Values): void => {
    const output = outputOf(call, given, task, run, async (bytes) => {
      if (shown !== run && terminal.isWatched) terminal.note(`==> ${task} ${run} <==`)
      shown = run
      await terminal.out(bytes)
    })
    open.set(run, output)
  }
  if (first !== undefined) add(first, values)
  for (;;) {
    for (const [run, output] of open) {
      // Asked before the last read, so that nothing is written behind it.
      const over = isOver(call, path.join(paths.runs, task, run))
      await output.drain()
      if (!over) continue
      output.close()
      open.delete(run)
    }
    if (values.run !== undefined && open.size === 0) return exitStatus.done
    await pause(host, pollMs)
    if (values.run !== undefined) continue
    for (const run of runsOf(call, task).filter((each) => each > newest)) {
      newest = run
      add(run, {})
    }
  }
}

function isOver({ host }: Call, directory: string): boolean {
  const isThere = host.files.facts(directory) !== undefined
  return !isThere || host.files.facts(path.join(directory, 'outcome.json')) !== undefined
}
