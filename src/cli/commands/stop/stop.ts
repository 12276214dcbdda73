import { exitStatus } from '../../../errors.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { requireSameFile } from '../../daemon/tasks-file.ts'
import { liveRuns } from '../../daemon/home-runs.ts'
import { counted, someOf } from '../../../text/plural.ts'
import { stopDaemon } from './stopping.ts'

/** So many of the tasks whose runs go on are named. */
const maxNamed = 4

export async function stop(call: Call, values: Values): Promise<number> {
  await requireSameFile(call, values)
  const { grace: graceMs = null, leave = false } = values
  const pid = await stopDaemon(call, { graceMs, leave })
  const left = leave && !values.json ? leftWords(liveRuns(call.host, call.paths.home)) : ''
  if (values.json) await call.terminal.say(JSON.stringify({ pid }, null, 2))
  else await call.terminal.say(`torch stopped, pid ${pid}${left}`)
  return exitStatus.done
}

/** How many runs go on, and of which tasks. */
function leftWords(runs: ReadonlyMap<string, readonly string[]>): string {
  const count = [...runs.values()].flat().length
  if (count === 0) return ''
  const verb = count === 1 ? 'goes' : 'go'
  return `; ${counted(count, 'run')} ${verb} on, of ${someOf([...runs.keys()], maxNamed)}`
}
