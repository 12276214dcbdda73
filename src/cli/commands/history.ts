import { exitStatus } from '../../errors.ts'
import type { HistoryRow } from '../../plan/outcome.ts'
import type { HistoryReader } from '../../record/read-history.ts'
import { askIfRuns } from '../ask.ts'
import type { Call, Command } from '../command.ts'
import type { Values } from '../options.ts'
import { outcomeCell } from '../outcome-words.ts'
import { type Cell, table } from '../table.ts'
import { roughly, shownTime } from '../times.ts'

const defaultRows = 20

export const history: Command = {
  words: '[TASK]',
  mostWords: 1,
  leastWords: 0,
  options: ['since', 'outcome', 'limit'],
  about: 'Runs, skips and misses, the newest last; of one task or of all.',
  examples: [
    ['history', 'the last 20'],
    ['history backup --since 7d --outcome failed', 'what failed this week'],
    ['history -n 1000 --json', 'for a program'],
  ],
  async run(call, values) {
    // What the daemon has in memory is to be on disk before we look.
    await askIfRuns(call, 'flush', {})
    const { readHistory } = await import('../../record/read-history.ts')
    const reader = readHistory(call.paths.history)
    try {
      const rows = await find(call, values, reader)
      if (values.json) await call.terminal.say(JSON.stringify(rows, null, 2))
      else await show(call, rows)
    } finally {
      reader.close()
    }
    return exitStatus.done
  },
}

async function find(call: Call, values: Values, reader: HistoryReader): Promise<HistoryRow[]> {
  const [task] = call.words
  const { since, outcome, limit = defaultRows } = values
  const rows = reader.rows({
    ...(task === undefined ? {} : { task }),
    ...(since === undefined ? {} : { since: new Date(since(call.host.clock.now())).toISOString() }),
    ...(outcome === undefined ? {} : { outcome }),
    limit,
  })
  if (rows.length === 0 && task !== undefined && reader.rows({ task, limit: 1 }).length === 0)
    await (await import('../known-tasks.ts')).demandKnown(call, values, task)
  return rows
}

async function show({ host, terminal }: Call, rows: readonly HistoryRow[]): Promise<void> {
  if (rows.length === 0) return terminal.note('nothing is on record')
  const shown = rows.map((row): Cell[] => [
    shownTime(host, row.startedAt ?? row.slot ?? row.endedAt),
    row.task,
    outcomeCell(row),
    row.durationMs === null ? '' : roughly(row.durationMs),
    triggerWords(row),
    row.run ?? '',
  ])
  await terminal.say(table(terminal, ['AT', 'TASK', 'OUTCOME', 'TOOK', 'TRIGGER', 'RUN'], shown))
}

function triggerWords({ trigger, attempt }: HistoryRow): string {
  return trigger === 'retry' && attempt !== null ? `retry ${attempt - 1}` : (trigger ?? '')
}
