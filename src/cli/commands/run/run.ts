import type { RunReport } from '../../../control/protocol.ts'
import { runTimeout } from '../../../control/run-timeout.ts'
import type { StatusReport } from '../../../control/status-report.ts'
import { exitStatus } from '../../../errors.ts'
import { ask } from '../../daemon/ask.ts'
import { requireSameFile } from '../../daemon/tasks-file.ts'
import { isPattern } from '../../../tasks/select.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { usageError } from '../../args/option.ts'
import { runInPauseNotes } from '../../terminal/pause-words.ts'
import { otherHostWarning, watchRun } from './run-in-daemon.ts'

/** Runs `torch run`: in the daemon, or in this process if there is none. */
export async function run(call: Call, values: Values): Promise<number> {
  const [task = ''] = call.args
  if (isPattern(task))
    throw usageError(`torch run starts one task, not a pattern such as "${task}"`, 'torch run TASK')
  const request = {
    ...{ task, force: values.force ?? false },
    // A daemon of an earlier version does not know it.
    ...(values.update === true && { update: true }),
  }
  if (values.detach) {
    await requireSameFile(call, values)
    const known = await ask(call, 'status', {}, 'required')
    const report = await ask(call, 'run', request, 'required', runTimeout(known, task))
    noteStart(call, known, report)
    const text = values.json ? JSON.stringify(report, null, 2) : `started ${task} ${report.run}`
    await call.terminal.say(text)
    return exitStatus.done
  }
  if (values.json && call.from.json === 'flag')
    throw usageError('--json needs --detach', `torch run ${task} --detach --json`)
  const status = await ask(call, 'status', {}, 'optional')
  if (status === undefined)
    return (await import('./run-without-daemon.ts')).runWithoutDaemon(call, values, task)
  await requireSameFile(call, values, status.file.path)
  const report = await ask(call, 'run', request, 'required', runTimeout(status, task))
  noteStart(call, status, report)
  return watchRun(call, report)
}

/** What the schedule would not have started here. */
function noteStart(
  { host, terminal }: Call,
  { tasks }: StatusReport,
  { task, elsewhere }: RunReport,
): void {
  const pause = tasks.find(({ name }) => name === task)?.paused
  for (const note of runInPauseNotes(host, task, pause)) terminal.note(note)
  if (elsewhere) terminal.note(otherHostWarning(task))
}
