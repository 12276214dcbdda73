import { exitStatus } from '../../../errors.ts'
import type { Command } from '../../command.ts'
import { demandSameFile } from '../../daemon/daemon-file.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { liveRuns } from '../../daemon/live-runs.ts'
import { stopDaemon } from './stopping.ts'

/** So many of the tasks whose runs go on are named. */
const maxNamed = 4

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
    const left = leave && !values.json ? leftWords(liveRuns(call.host, call.paths.home)) : ''
    if (values.json) await call.terminal.say(JSON.stringify({ pid }, null, 2))
    else await call.terminal.say(`torch stopped, pid ${pid}${left}`)
    return exitStatus.done
  },
}

/** How many runs go on, and of which tasks. */
function leftWords(runs: ReadonlyMap<string, readonly string[]>): string {
  const count = [...runs.values()].flat().length
  if (count === 0) return ''
  const verb = count === 1 ? 'goes' : 'go'
  return `; ${counted(count, 'run')} ${verb} on, of ${someOf([...runs.keys()], maxNamed)}`
}
