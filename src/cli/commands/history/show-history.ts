import { exitStatus, TorchError } from '../../../errors.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import { type HistoryReader, readHistoryOrRuns } from '../../../record/history/read-history.ts'
import { beginsRunId } from '../../../run/directory.ts'
import { isPattern, isSelected } from '../../../tasks/select.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { namesWithLabels, requireKnownTasks } from '../../daemon/tasks-file.ts'
import { historyTable } from './history-table.ts'
import { runFacts } from './run-facts.ts'

const defaultRows = 20

/** Runs `torch history`. */
export async function showHistory(call: Call, values: Values): Promise<number> {
  const { args, terminal } = call
  const isOfRuns = args.some(beginsRunId)
  if (isOfRuns && !args.every(beginsRunId))
    throw usageError('tasks and runs cannot be mixed', 'torch history TASK, or torch history RUN')
  // The daemon writes rows with a delay.
  const isServed = typeof (await ask(call, 'flush', {}, 'informative')) === 'object'
  const reader = readHistoryOrRuns(call.host, call.paths, terminal.note)
  try {
    const rows = isOfRuns
      ? args.map((word) => findRun(reader, word))
      : await findRows(call, values, reader)
    if (values.json) await terminal.say(JSON.stringify(rows, null, 2))
    else if (rows.length === 0) terminal.note(await nothingWords(call, values, reader))
    else if (isOfRuns)
      await terminal.say(rows.map((row) => runFacts(call, row, isServed)).join('\n\n'))
    else await terminal.say(historyTable(call, rows, isServed))
  } finally {
    reader.close()
  }
  return exitStatus.done
}

/** Nothing matches: if there is nothing at all of the only task that is named, this says why. */
async function nothingWords(call: Call, values: Values, reader: HistoryReader): Promise<string> {
  const [word, ...more] = call.args
  const nothing = 'nothing recorded'
  if (word === undefined || more.length > 0 || isPattern(word)) return nothing
  if (reader.rows({ tasks: [word], limit: 1 }).length > 0) return nothing
  const why = await (await import('./why-nothing.ts')).whyNothing(call, values, word)
  return why === undefined ? nothing : `${nothing}: ${why}`
}

function findRun(reader: HistoryReader, word: string): HistoryRow {
  const row = reader.run(word)
  if (row !== undefined) return row
  throw new TorchError('no-run', `no recorded run begins with "${word}"`, {
    hint: 'torch history shows the runs',
  })
}

/** The rows that the user selects, newest last. Throws for an argument that matches no task. */
async function findRows(call: Call, values: Values, reader: HistoryReader): Promise<HistoryRow[]> {
  const { since, outcome, limit = defaultRows } = values
  const tasks = await selectedTasks(call, values, reader.tasks())
  if (tasks?.length === 0) return []
  return reader.rows({
    tasks,
    outcomes: outcome,
    limit,
    since: since && new Date(since(call.host.clock.now())).toISOString(),
  })
}

/** The recorded tasks that the arguments and labels select; undefined: all. */
async function selectedTasks(
  call: Call,
  values: Values,
  names: readonly string[],
): Promise<string[] | undefined> {
  const { args } = call
  const unknown = args.filter((word) => !names.some((name) => isSelected([word], name)))
  if (unknown.length > 0) await requireKnownTasks(call, values, unknown)
  if (args.length === 0 && values.label === undefined) return undefined
  const named = args.length === 0 ? names : names.filter((name) => isSelected(args, name))
  if (values.label === undefined) return [...named]
  const labelled = await namesWithLabels(call, values, values.label)
  return named.filter((name) => labelled.has(name))
}
