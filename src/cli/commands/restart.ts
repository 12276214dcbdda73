import { exitStatus, TorchError } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import type { Values } from '../args/options.ts'

/** Runs `torch restart`: the next daemon is of the installation that this command belongs to. */
export async function restart(call: Call, values: Values): Promise<number> {
  const { terminal } = call
  const { daemon: before, file } = await ask(call, 'status', {}, 'required')
  await requireSameFile(call, values, file.path)
  const pid = await requestRestart(call)
  const { daemon: after } = await ask(call, 'status', {}, 'required')
  const [old, now] = [before?.version ?? null, after?.version ?? null]
  if (values.json) {
    const result = { pid, before: before?.pid ?? null, version: now, versionBefore: old }
    await terminal.say(JSON.stringify(result, null, 2))
  } else {
    const versions = old === now ? '' : `, ${old} -> ${now}`
    await terminal.say(`torch restarted: pid ${pid} replaces pid ${before?.pid ?? null}${versions}`)
  }
  if (now !== null && now !== call.version) {
    terminal.note(`torch: the daemon is still version ${now}, and this command is ${call.version}`)
    terminal.note('hint: to start this version: torch stop --leave, then torch start')
  }
  return exitStatus.done
}

/** A daemon of the first version refuses the command of the next one, and starts its own program. */
async function requestRestart(call: Call): Promise<number> {
  const command = call.host.processes.daemonCommand(call.script)
  try {
    return (await ask(call, 'restart', { command }, 'required')).pid
  } catch (error) {
    const isUnknown = error instanceof TorchError && error.code === 'bad-request'
    if (!isUnknown) throw error
    return (await ask(call, 'restart', { command: undefined }, 'required')).pid
  }
}
