import type { StatusReport, TaskStatus } from '../../../control/protocol.ts'
import type { Ready } from '../../../daemon/start/start-detached.ts'
import type { Settings } from '../../../daemon/settings.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { shellQuoted } from '../../../text/shell-quote.ts'
import { ask } from '../../daemon/ask.ts'
import type { Call } from '../../command.ts'
import { nextStart } from '../status/status-order.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Values } from '../../args/options.ts'
import { shownDistance, shownTime } from '../../terminal/times.ts'

/** So many tasks are named in each line; the rest is counted. */
const maxNamed = 4

/** Tells after a start what runs here, what comes next, and how to look and stop. */
export async function showStarted(
  call: Call,
  values: Values,
  settings: Settings,
  ready: Ready,
): Promise<void> {
  const { terminal } = call
  for (const warning of ready.warnings) terminal.note(warning)
  if (values.json) {
    const { home, tasks } = settings
    await terminal.say(JSON.stringify({ pid: ready.pid, home, tasks }, null, 2))
    return
  }
  const report = await ask(call, 'status', {}, 'required')
  await terminal.say(lines(call, values, report, ready.pid).join('\n'))
}

function lines(call: Call, values: Values, report: StatusReport, pid: number): string[] {
  const { host, terminal } = call
  const label = (text: string) => terminal.paint('dim', text.padEnd(10))
  const here = report.tasks.filter((task) => task.here)
  const kept = here.filter((task) => task.type === 'daemon')
  const away = report.tasks.filter((task) => !task.here)
  const coming = here
    .flatMap((task) => {
      const at = nextStart(task)
      return at === null ? [] : [{ name: task.name, at }]
    })
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
  const next = coming.slice(0, maxNamed).map(({ name, at }, index) => {
    const when = `${shownTime(host, at)}  ${name} (${shownDistance(host, at)})`
    return label(index === 0 ? 'next' : '') + when
  })
  const torch = plainLine(ownWords(call, values))
  const sample = here[0]?.name ?? 'TASK'
  return [
    `torch runs, pid ${pid}: ${here.length} of ${counted(report.tasks.length, 'task')} of ${plainLine(report.file.path)}`,
    ...next,
    ...(kept.length > 0 ? [label('always') + named(kept)] : []),
    ...(away.length > 0 ? [label('not here') + named(away)] : []),
    `${label('look')}${torch} status    ${torch} logs ${sample} -f`,
    `${label('stop')}${torch} stop`,
  ]
}

function named(tasks: readonly TaskStatus[]): string {
  return someOf(
    tasks.map((task) => task.name),
    maxNamed,
  )
}

/** How torch was called, so that what we advise can be typed as it is. */
function ownWords(call: Call, values: Values): string {
  const torch = process.env['npm_lifecycle_event'] === 'start' ? 'node bin/torch.js' : 'torch'
  const isNamed = values.home !== undefined && call.from.home === 'flag'
  return isNamed ? `${torch} --home ${shellQuoted(call.paths.home)}` : torch
}
