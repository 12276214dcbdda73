import { exitStatus } from '../../../errors.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { fleetHistory } from '../../../view/fleet/fleet-history.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { withLabels } from '../../daemon/tasks-file.ts'
import { isPattern, selectNames } from '../../../tasks/select.ts'
import { type AskFleet, type AskMachines, statusOfAll } from '../../../view/fleet/fleet-status.ts'
import { requireKnownHosts, requireKnownTasks } from '../../../view/fleet/known.ts'
import { historyTable } from '../history/history-table.ts'

const defaultRows = 20

/** Runs `torch fleet history`. */
export async function showFleetHistory(call: Call, values: Values): Promise<number> {
  const { terminal, host } = call
  const { since, outcome, limit = defaultRows, on } = values
  const words = call.args.slice(1)
  const asked: AskFleet = (name, request) => ask(call, name, request, 'required')
  const { rows, notes, isPart } = await fleetHistory(asked, {
    tasks:
      words.length === 0 && values.label === undefined
        ? undefined
        : await namesOf(call, words, values),
    hosts: on,
    outcomes: outcome,
    since: since && new Date(since(host.clock.now())).toISOString(),
    limit,
  })
  if (!isPart) {
    const names = words.filter((word) => !isPattern(word))
    await requireKnownTasks(asked, without(names, new Set(rows.map(({ task }) => task))))
    await requireKnownHosts(asked, without(on ?? [], new Set(rows.map((row) => row.host))))
  }
  const shown = rows.toReversed()
  if (values.json) await terminal.say(JSON.stringify(shown, null, 2))
  else if (shown.length === 0) terminal.note('nothing recorded')
  else await terminal.say(historyTable(call, shown, true, 'with hosts'))
  for (const note of notes) terminal.note(`note: ${plainLine(note)}`)
  return isPart ? exitStatus.failed : exitStatus.done
}

function without(names: readonly string[], known: ReadonlySet<string>): string[] {
  return names.filter((name) => !known.has(name))
}

/**
 * A name is taken as it is: its task may be gone from the file. A pattern and labels need the tasks of all machines.
 */
async function namesOf(call: Call, words: readonly string[], { label }: Values): Promise<string[]> {
  const patterns = words.filter(isPattern)
  const names = words.filter((word) => !isPattern(word))
  if (patterns.length === 0 && label === undefined) return names
  const asked: AskMachines = (request) => ask(call, 'fleetAsk', request, 'required')
  const statuses = await statusOfAll(asked, undefined, [], false)
  const tasks = [...statuses.values()].flatMap(({ report }) => report.tasks)
  const known = tasks.map(({ name }) => name)
  const labelled = new Set(withLabels(tasks, label).map(({ name }) => name))
  const found =
    words.length === 0 ? known : [...names, ...selectNames(patterns, known, 'torch fleet status')]
  return [...new Set(found)].filter((name) => label === undefined || labelled.has(name))
}
