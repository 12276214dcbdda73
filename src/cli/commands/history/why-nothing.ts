import type { StatusReport, TaskStatus } from '../../../control/status-report.ts'
import { TorchError } from '../../../errors.ts'
import { plainLine } from '../../../text/sanitize.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { pauseWords } from '../../terminal/pause-words.ts'
import { dueWords, shownTime } from '../../terminal/times.ts'
import { findStatus } from '../status/find-status.ts'
import { nextStart } from '../status/status-order.ts'

/** Why a task has no row in the history; undefined if that is not known. */
export async function whyNothing(
  call: Call,
  values: Values,
  name: string,
): Promise<string | undefined> {
  const { label: _1, outcome: _2, ...others } = values
  try {
    const { report } = await findStatus(call, others, () => {})
    const task = report.tasks.find((each) => each.name === name)
    return task && whyOf(call, task, report)
  } catch (error) {
    // The file is not valid, or its task is only known from its runs.
    if (error instanceof TorchError) return undefined
    throw error
  }
}

function whyOf({ host }: Call, task: TaskStatus, report: StatusReport): string {
  const { name, type, reason, paused, definition, running } = task
  const runIt = `torch run ${name} starts it`
  if (running.length > 0) return `${name} has just started`
  if (reason === 'enabled') return `${name} is not enabled; ${runIt} all the same`
  if (reason === 'hosts')
    return `${name} does not run on ${plainLine(report.host.name)}${hostsOf(task)}`
  if (paused !== undefined) return `${name} is paused ${pauseWords(host, paused)}`
  if (type === 'manual') return runIt
  if (report.daemon === null) return `torch is not running; ${runIt}`
  if (type === 'daemon') return `${name} has not been started yet`
  const next = nextStart(task)
  if (next !== null)
    return `${name} starts first at ${shownTime(host, next)} (${dueWords(host, next)})`
  if (task.done === true) return `the last time of ${name} has passed; ${runIt}`
  if (definition?.after !== undefined) return `${name} starts after other tasks; ${runIt} now`
  const isAtBoot = definition?.schedule.includes('@reboot') === true
  return isAtBoot ? `${name} starts when the machine boots` : `${name} is never due; ${runIt}`
}

/** `, only on db1, web-*` */
function hostsOf({ definition }: TaskStatus): string {
  const hosts = definition?.hosts ?? []
  return hosts.length === 0 ? '' : `, only on ${plainLine(hosts.join(', '))}`
}
