import { askDaemon } from '../../control/client.ts'
import type { Protocol, RequestName, StatusReport } from '../../control/protocol.ts'
import { TorchError } from '../../errors.ts'
import type { Call } from '../command.ts'
import { silentDaemon, watchSilence } from './unresponsive.ts'

/** Asks the daemon of this home. Throws as askDaemon does; without a daemon with exit status 3. */
export async function ask<N extends RequestName>(
  call: Call,
  name: N,
  request: Protocol[N]['request'],
): Promise<Protocol[N]['reply']> {
  const silence = watchSilence(call)
  const bounds = { timeoutMs: timeoutsMs[name], giveUp: silence.signal }
  try {
    return await askDaemon(call.paths.socket, name, request, bounds)
  } catch (error) {
    throw isSilence(error) ? await silentDaemon(call, error) : error
  } finally {
    silence.release()
  }
}

/** What only shows something has the files as well; what changes something waits for a busy daemon. */
const timeoutsMs: Readonly<Record<RequestName, number>> = {
  status: 5_000,
  /** A daemon with 100,000 tasks takes many seconds to read its file. */
  reload: 120_000,
  stop: 10_000,
  /** Bringing up the next daemon may take it a minute, as a start may. */
  restart: 90_000,
  run: 10_000,
  kill: 10_000,
  flush: 5_000,
}

/** The reply where a daemon runs; undefined where none does. */
export async function askIfRuns<N extends RequestName>(
  call: Call,
  name: N,
  request: Protocol[N]['request'],
): Promise<Protocol[N]['reply'] | undefined> {
  try {
    return await ask(call, name, request)
  } catch (error) {
    if (error instanceof TorchError && error.code === 'no-daemon') return undefined
    throw error
  }
}

export function statusIfRuns(call: Call): Promise<StatusReport | undefined> {
  return askIfRuns(call, 'status', {})
}

/** The same for what is only shown: a daemon that does not answer is told of, and the files have to do. */
export async function askToShow<N extends RequestName>(
  call: Call,
  name: N,
  request: Protocol[N]['request'],
  tell = call.terminal.note,
): Promise<Protocol[N]['reply'] | 'silent' | undefined> {
  try {
    return await askIfRuns(call, name, request)
  } catch (error) {
    if (!isSilence(error)) throw error
    tell(`${error.message}: what follows is from the files`)
    if (error.hint !== undefined) tell(`hint: ${error.hint}`)
    return 'silent'
  }
}

/** Whether it is the error for a daemon that is there and does not answer. */
export function isSilence(error: unknown): error is TorchError {
  return error instanceof TorchError && error.code === 'daemon-silent'
}
