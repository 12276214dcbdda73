import type { ReloadReport } from '../../control/protocol.ts'
import { exitStatus } from '../../errors.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { ask } from '../daemon/ask.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { problemJson, showProblems } from '../terminal/problems.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** Runs `torch reload`. */
export async function reload(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  await requireSameFile(call, values)
  const report = await ask(call, 'reload', {}, 'required')
  const json = { ...report, problems: report.problems.map(problemJson) }
  if (values.json) await terminal.say(JSON.stringify(json, null, 2))
  else await show(terminal, report)
  return report.verdict === 'refused' ? exitStatus.usage : exitStatus.done
}

async function show(terminal: Terminal, report: ReloadReport): Promise<void> {
  if (report.problems.length > 0) terminal.note(showProblems(terminal, report.problems))
  if (report.verdict === 'refused') {
    terminal.note(`torch: ${plainLine(report.path)} was refused`)
    terminal.note('hint: fix the file; until then the daemon keeps using the last good file')
    return
  }
  const revision = report.revision === null ? '' : ` at revision ${report.revision}`
  await terminal.say(`${report.path}${revision}: ${counted(report.tasks, 'task')}`)
  const names = (what: string, list: readonly string[]) => list.map((name) => `  ${what} ${name}`)
  const lines = [
    ...names('added', report.added),
    ...names('changed', report.changed),
    ...names('removed', report.removed),
  ]
  await terminal.say(lines.length === 0 ? '  nothing changed' : lines.join('\n'))
}
