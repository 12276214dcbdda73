import type { HistoryRow } from '../../../plan/history-row.ts'
import type { HistoryReader } from '../../../record/history/read-history.ts'
import { isNamed } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import { demandKnown, namesWithLabels } from '../../daemon/known-tasks.ts'
import type { Values } from '../../args/options.ts'

const defaultRows = 20

/** The rows that are asked for, newest last. Throws for a word that means no task. */
export async function findRows(
  call: Call,
  values: Values,
  reader: HistoryReader,
): Promise<HistoryRow[]> {
  const { since, outcome, limit = defaultRows } = values
  const tasks = await askedTasks(call, values, reader.tasks())
  if (tasks?.length === 0) return []
  return reader.rows({
    tasks,
    outcomes: outcome,
    limit,
    since: since && new Date(since(call.host.clock.now())).toISOString(),
  })
}

/** undefined: all; else those of the tasks on record that are named, and have the labels. */
async function askedTasks(
  call: Call,
  values: Values,
  names: readonly string[],
): Promise<string[] | undefined> {
  const { args } = call
  const strange = args.filter((word) => !names.some((name) => isNamed([word], name)))
  if (strange.length > 0) await demandKnown(call, values, strange)
  if (args.length === 0 && values.label === undefined) return undefined
  const named = args.length === 0 ? names : names.filter((name) => isNamed(args, name))
  if (values.label === undefined) return [...named]
  const labelled = await namesWithLabels(call, values, values.label)
  return named.filter((name) => labelled.has(name))
}
