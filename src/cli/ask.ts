import { askDaemon } from '../control/client.ts'
import type { Protocol, RequestName, StatusReport } from '../control/protocol.ts'
import { TorchError } from '../errors.ts'
import type { Call } from './command.ts'

/** Asks the daemon of this home. Throws as askDaemon does; without a daemon with exit status 3. */
export function ask<N extends RequestName>(
  call: Call,
  name: N,
  request: Protocol[N]['request'],
): Promise<Protocol[N]['reply']> {
  return askDaemon(call.paths.socket, name, request, { timeoutMs: timeoutsMs[name] })
}

/** A daemon with 100,000 tasks takes seconds for its status, and longer to read its file. */
const timeoutsMs: Readonly<Record<RequestName, number>> = {
  status: 30_000,
  reload: 120_000,
  stop: 10_000,
  /** Bringing up the next daemon may take it a minute, as a start may. */
  restart: 90_000,
  run: 10_000,
  kill: 10_000,
  flush: 30_000,
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
