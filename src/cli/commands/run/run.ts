import { exitStatus } from '../../../errors.ts'
import { ask, statusIfRuns } from '../../daemon/ask.ts'
import type { Command } from '../../command.ts'
import { demandFile, demandSameFile } from '../../daemon/daemon-file.ts'
import { usageError } from '../../args/option.ts'

export const run: Command = {
  words: 'TASK',
  mostWords: 1,
  leastWords: 1,
  options: ['force', 'detach'],
  about: `Runs a task now, on this host, whatever its schedule and hosts say. Its output comes to
the terminal, and it is recorded as any other run. Without a daemon it runs under this
command. Exit status: that of the task; 124 after its timeout, 128 and the number after
a signal, 126 or 127 where it could not be started. Ctrl-C goes to the task.`,
  examples: [
    ['run backup', 'now, and watch'],
    ['run backup --detach', 'start it and come back'],
    ['run backup --force', 'although it is at its max'],
  ],
  async run(call, values) {
    const [task = ''] = call.words
    const request = { task, force: values.force ?? false }
    if (values.detach) {
      await demandSameFile(call, values)
      const report = await ask(call, 'run', request)
      if (report.elsewhere) call.terminal.note(elsewhereWords(task))
      const text = values.json ? JSON.stringify(report, null, 2) : `started ${task} ${report.run}`
      await call.terminal.say(text)
      return exitStatus.done
    }
    if (values.json && call.from.json === 'flag')
      throw usageError('--json goes with --detach', `torch run ${task} --detach --json`)
    const status = await statusIfRuns(call)
    if (status === undefined) return (await import('./run-here.ts')).runHere(call, values, task)
    demandFile(call, values, status.file.path)
    // Loaded before: the output of a short run may be cut a moment after its end.
    const { attend } = await import('./run-there.ts')
    const report = await ask(call, 'run', request)
    if (report.elsewhere) call.terminal.note(elsewhereWords(task))
    return attend(call, report)
  },
}

export function elsewhereWords(task: string): string {
  return `warning: the hosts of ${task} say elsewhere; it runs here because you ask`
}
