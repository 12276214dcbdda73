import type { ReloadReport } from '../../control/protocol.ts'
import { exitStatus } from '../../errors.ts'
import { counted } from '../../text/plural.ts'
import { plainLine } from '../../text/sanitize.ts'
import { ask } from '../daemon/ask.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { problemJson, showProblems } from '../terminal/problems.ts'
import { shownTime } from '../terminal/times.ts'

/** Runs `torch reload`. */
export async function reload(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  await requireSameFile(call, values)
  const report = await ask(call, 'reload', {}, 'required')
  const json = { ...report, problems: report.problems.map(problemJson) }
  if (values.json) await terminal.say(JSON.stringify(json, null, 2))
  else await show(call, report)
  return report.verdict === 'refused' ? exitStatus.usage : exitStatus.done
}

async function show({ host, terminal }: Call, report: ReloadReport): Promise<void> {
  if (report.problems.length > 0) terminal.note(showProblems(terminal, report.problems))
  if (report.verdict === 'refused') {
    terminal.note(`torch: ${plainLine(report.path)} was refused`)
    terminal.note('hint: fix the file; until then the daemon keeps using the last good file')
    return
  }
  const revision = report.revision === null ? '' : ` at revision ${report.revision}`
  const { loadedAt } = report
  const already =
    loadedAt === undefined ? '' : `, already loaded at ${shownTime(host, loadedAt).slice(11, 19)}:`
  await terminal.say(`${report.path}${revision}: ${counted(report.tasks, 'task')}${already}`)
  const names = (what: string, list: readonly string[]) => list.map((name) => `  ${what} ${name}`)
  const lines = [
    ...names('added', report.added),
    ...names('changed', report.changed),
    ...names('removed', report.removed),
  ]
  await terminal.say(lines.length === 0 ? '  nothing changed' : lines.join('\n'))
}
