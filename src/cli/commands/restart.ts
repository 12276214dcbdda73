import { exitStatus, TorchError } from '../../errors.ts'
import { ask } from '../daemon/ask.ts'
import { requireSameFile } from '../daemon/tasks-file.ts'
import type { Call } from '../command.ts'
import { fleetSettings } from '../args/fleet-section.ts'
import type { Values } from '../args/options.ts'

/**
 * Runs `torch restart`: the next daemon is of the installation that this command belongs to, and has the section `fleet`
 * of the config file that this command reads. Without one it keeps the section of the previous daemon.
 */
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
  const fleet = call.fleet && { ...fleetSettings(call.fleet, call.host.network.name()) }
  try {
    return (await ask(call, 'restart', { command, ...(fleet && { fleet }) }, 'required')).pid
  } catch (error) {
    const isUnknown = error instanceof TorchError && error.code === 'bad-request'
    if (!isUnknown) throw error
    if (fleet !== undefined)
      call.terminal.note('torch: this daemon reads the section fleet only when it is started')
    return (await ask(call, 'restart', { command: undefined }, 'required')).pid
  }
}
