import { exitStatus } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'

/** Runs `torch restart`. */
export async function restart(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const before = await ask(call, 'status', {}, 'required')
  await requireSameFile(call, values, before.file.path)
  const { pid } = await ask(call, 'restart', {}, 'required')
  const old = before.daemon?.pid ?? null
  if (values.json) await terminal.say(JSON.stringify({ pid, before: old }, null, 2))
  else await terminal.say(`torch restarted: pid ${pid} replaces pid ${old}`)
  return exitStatus.done
}
