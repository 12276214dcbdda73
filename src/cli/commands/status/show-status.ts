import { exitStatus } from '../../../errors.ts'
import { findStatus, type FoundStatus } from './find-status.ts'
import type { Call } from '../../command.ts'
import { labelWords, noneHas } from '../../args/labels.ts'
import { usageError } from '../../args/option.ts'
import type { Values } from '../../args/options.ts'
import { plainLine, plainLines } from '../../../text/sanitize.ts'
import { problemJson } from '../../terminal/problems.ts'
import { statusLines } from './status-lines.ts'

/** The shell's prompt comes below. */
const promptRows = 1

/** What `torch status` does. */
export async function showStatus(call: Call, values: Values): Promise<number> {
  const { terminal, from } = call
  if (values.watch) {
    if (values.json && from.json === 'flag')
      throw usageError('--json does not go with --watch', 'torch status --json, again and again')
    if (!terminal.isScreen)
      throw usageError('--watch needs a terminal', 'leave it out, and call torch status again')
    return (await import('./watch-status.ts')).watchStatus(call, values)
  }
  const found = await findStatus(call, values, terminal.note)
  const { report } = found
  if (values.json) {
    const file = { ...report.file, problems: report.file.problems.map(problemJson) }
    await terminal.say(JSON.stringify({ ...report, file }, null, 2))
    return exitStatus.done
  }
  const rows = wantsAll(call, values) ? Infinity : terminal.rows - promptRows
  const lines = statusLines(call, { ...found, rows, all: `: torch status '*'` })
  await terminal.say([...lines, ...details(call, found)].join('\n'))
  if (report.tasks.length === 0 && found.total > 0)
    terminal.note(values.outcome === undefined ? noneHas : 'no task ended so')
  return exitStatus.done
}

/** Who asks for some, wants all of them. */
function wantsAll({ args }: Call, { all, label, outcome }: Values): boolean {
  return (all ?? false) || args.length > 0 || label !== undefined || outcome !== undefined
}

/** What the file says about the one task that was asked for, below its row. */
function details({ terminal, args }: Call, { report }: FoundStatus): string[] {
  const [task, ...more] = report.tasks
  if (task === undefined || more.length > 0 || args.length === 0) return []
  const lines = task.description === null ? [] : plainLines(task.description)
  const labels = plainLine(labelWords(task.labels))
  return [
    ...lines.map((line) => `  ${line}`),
    ...(labels === '' ? [] : [`  ${terminal.paint('dim', 'labels')} ${labels}`]),
  ]
}
