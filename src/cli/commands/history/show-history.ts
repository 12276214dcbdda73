import { exitStatus, TorchError } from '../../../errors.ts'
import type { HistoryRow } from '../../../plan/history-row.ts'
import type { HistoryReader } from '../../../record/history/read-history.ts'
import { beginsRunId } from '../../../run/directory.ts'
import { askToShow } from '../../daemon/ask.ts'
import type { Call } from '../../command.ts'
import { findRows } from './history-rows.ts'
import { openRecords } from './open-records.ts'
import { historyTable } from './history-table.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { runFacts } from './run-facts.ts'

/** What `torch history` does. */
export async function showHistory(call: Call, values: Values): Promise<number> {
  const { args, terminal } = call
  const isOfRuns = args.some(beginsRunId)
  if (isOfRuns && !args.every(beginsRunId))
    throw usageError('either tasks or runs', 'torch history TASK, or torch history RUN')
  // What the daemon has in memory is to be on disk before we look.
  const isServed = typeof (await askToShow(call, 'flush', {})) === 'object'
  const reader = openRecords(call, terminal.note)
  try {
    const rows = isOfRuns
      ? args.map((word) => findRun(reader, word))
      : await findRows(call, values, reader)
    if (values.json) await terminal.say(JSON.stringify(rows, null, 2))
    else if (rows.length === 0) terminal.note('nothing is on record')
    else if (isOfRuns)
      await terminal.say(rows.map((row) => runFacts(call, row, isServed)).join('\n\n'))
    else await terminal.say(historyTable(call, rows, isServed))
  } finally {
    reader.close()
  }
  return exitStatus.done
}

function findRun(reader: HistoryReader, word: string): HistoryRow {
  const row = reader.run(word)
  if (row !== undefined) return row
  throw new TorchError('no-run', `no run that begins with "${word}" is on record`, {
    hint: 'torch history shows the runs',
  })
}
