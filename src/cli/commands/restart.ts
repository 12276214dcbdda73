import { exitStatus } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'
import { demandFile } from '../daemon/daemon-file.ts'

export async function restart(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const before = await ask(call, 'status', {})
  demandFile(call, values, before.file.path)
  const { pid } = await ask(call, 'restart', {})
  const old = before.daemon?.pid ?? null
  if (values.json) await terminal.say(JSON.stringify({ pid, before: old }, null, 2))
  else await terminal.say(`torch restarted: pid ${pid} in the place of ${old}`)
  return exitStatus.done
}
