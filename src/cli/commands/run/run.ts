import { exitStatus } from '../../../errors.ts'
import { ask } from '../../daemon/ask.ts'
import { requireSameFile } from '../../daemon/tasks-file.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { usageError } from '../../args/option.ts'

export async function run(call: Call, values: Values): Promise<number> {
  const [task = ''] = call.args
  const request = { task, force: values.force ?? false }
  if (values.detach) {
    await requireSameFile(call, values)
    const report = await ask(call, 'run', request, 'required')
    if (report.elsewhere) call.terminal.note(elsewhereWords(task))
    const text = values.json ? JSON.stringify(report, null, 2) : `started ${task} ${report.run}`
    await call.terminal.say(text)
    return exitStatus.done
  }
  if (values.json && call.from.json === 'flag')
    throw usageError('--json goes with --detach', `torch run ${task} --detach --json`)
  const status = await ask(call, 'status', {}, 'optional')
  if (status === undefined) return (await import('./run-here.ts')).runHere(call, values, task)
  await requireSameFile(call, values, status.file.path)
  // Loaded before: the output of a short run may be cut a moment after its end.
  const { attend } = await import('./run-there.ts')
  const report = await ask(call, 'run', request, 'required')
  if (report.elsewhere) call.terminal.note(elsewhereWords(task))
  return attend(call, report)
}

export function elsewhereWords(task: string): string {
  return `warning: the hosts of ${task} say elsewhere; it runs here because you ask`
}
