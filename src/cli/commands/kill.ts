import { exitStatus } from '../../errors.ts'
import { signalNames, signalNumbers } from '../../host/signals.ts'
import { ask } from '../ask.ts'
import type { Command } from '../command.ts'
import { demandSameFile } from '../daemon-file.ts'
import { usageError } from '../option.ts'

export const kill: Command = {
  words: 'TASK|RUN',
  mostWords: 1,
  leastWords: 1,
  options: ['signal'],
  about: `Ends all runs of a task, or one run by its id: TERM to the whole process group, and KILL
after the task's kill_after. With --signal only that signal is sent.`,
  examples: [
    ['kill backup', 'end it'],
    ['kill consumer --signal HUP', 'only a signal'],
  ],
  async run(call, values) {
    const [target = ''] = call.words
    const signal = values.signal === undefined ? null : signalOf(values.signal)
    await demandSameFile(call, values)
    const reply = await ask(call, 'kill', { target, signal })
    if (values.json) {
      await call.terminal.say(JSON.stringify(reply, null, 2))
      return exitStatus.done
    }
    const words = signal === null ? 'ending' : `sent ${signal} to`
    for (const { run, task } of reply.runs) await call.terminal.say(`${words} ${task} ${run}`)
    return exitStatus.done
  },
}

/** `TERM`, `SIGTERM`, `term` or `15`. */
function signalOf(text: string): string {
  const wanted = text.toUpperCase().replace(/^(?!SIG)/, 'SIG')
  const found = signalNames.find((name) => name === wanted || text === String(signalNumbers[name]))
  if (found !== undefined) return found
  const known = signalNames.map((name) => name.replace(/^SIG/, '')).join(' ')
  throw usageError(`--signal: there is no signal ${JSON.stringify(text)}`, `there are ${known}`)
}
