import type { StatusReport } from '../../../control/protocol.ts'
import { isAlive } from '../../../host/processes.ts'
import { someOf } from '../../../text/plural.ts'
import { ask, isSilent } from '../../daemon/ask.ts'
import type { Call } from '../../command.ts'
import { pause } from '../../terminal/times.ts'

/** How often it looks whether the daemon is gone. */
const lookMs = 50
/** How often it asks what the daemon still waits for: an answer that is as long as its tasks file. */
const askMs = 500

/**
 * Tells the daemon to stop, shows what it waits for, and comes back when its process is gone.
 * Throws as ask() does, without a daemon with exit status 3. Gives the pid that it had.
 */
export async function stopDaemon(
  call: Call,
  options: { readonly graceMs: number | null; readonly leave: boolean },
): Promise<number> {
  const { host, terminal } = call
  const { pid } = await ask(call, 'stop', options, 'required')
  // By pid and start time: the pid may be another's before we look again.
  const daemon = host.processes.identify(pid)
  let shown = ''
  let askedMs = host.clock.monotonic()
  while (isAlive(host, daemon)) {
    await pause(host, lookMs)
    if (options.leave || host.clock.monotonic() - askedMs < askMs) continue
    const words = await wordsOfStopping(call, pid)
    askedMs = host.clock.monotonic()
    if (words !== shown && words !== '') terminal.note(words)
    shown = words
  }
  return pid
}

/** Nothing where that daemon has closed its socket already. */
async function wordsOfStopping(call: Call, pid: number): Promise<string> {
  try {
    const status = await ask(call, 'status', {}, 'optional')
    return status?.daemon?.pid === pid ? waitingWords(status) : ''
  } catch (error) {
    return isSilent(error) ? error.message : ''
  }
}

function waitingWords({ tasks }: StatusReport): string {
  const runs = tasks.flatMap((task) => task.running.map((run) => `${task.name} ${run}`))
  return runs.length === 0 ? '' : `waiting for ${someOf(runs, maxShown)}`
}

const maxShown = 4
