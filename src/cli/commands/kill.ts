import { exitStatus } from '../../errors.ts'
import type { Host, Signal } from '../../host/host.ts'
import { ask } from '../ask.ts'
import type { Command } from '../command.ts'
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
    const signal = values.signal === undefined ? null : signalOf(call.host, values.signal)
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
function signalOf(host: Host, text: string): Signal {
  const numbers = Array.from({ length: mostSignals }, (_, index) => index + 1)
  const wanted = text.toUpperCase().replace(/^(?!SIG)/, 'SIG')
  for (const number of numbers) {
    const name = host.processes.signalName(number)
    if (name !== undefined && (name === wanted || text === String(number))) return name as Signal
  }
  throw usageError(`there is no signal "${text}"`, 'torch kill TASK --signal TERM')
}

/** Of Linux, with the real-time ones: signal(7). */
const mostSignals = 64
