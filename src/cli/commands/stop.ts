import { exitStatus } from '../../errors.ts'
import type { Command } from '../command.ts'
import { demandSameFile } from '../daemon-file.ts'
import { stopDaemon } from '../stopping.ts'

export const stop: Command = {
  words: '',
  mostWords: 0,
  leastWords: 0,
  options: ['grace', 'leave'],
  // Elsewhere it is what the daemon was started with.
  flagsOnly: ['grace'],
  about: `Stops the daemon: nothing new starts, daemon tasks get TERM at once, all others may go on
for the grace and then get TERM, and KILL after their kill_after. Shows what it waits
for, and comes back when the daemon is gone. A second stop ends the grace.`,
  examples: [
    ['stop', 'in good order'],
    ['stop --grace 0s', 'do not wait for what runs'],
    ['stop --leave', 'leave what runs to the next start'],
  ],
  async run(call, values) {
    await demandSameFile(call, values)
    const { grace: graceMs = null, leave = false } = values
    const pid = await stopDaemon(call, { graceMs, leave })
    if (values.json) await call.terminal.say(JSON.stringify({ pid }, null, 2))
    else await call.terminal.say(`torch stopped, pid ${pid}`)
    return exitStatus.done
  },
}
