import { TorchError } from '../../errors.ts'
import type { Call } from '../command.ts'

/** A daemon that has not answered by then is looked at, again and again. */
const lookMs = 5_000

export interface Silence {
  /** Aborted where it is of no use to wait on. */
  readonly signal: AbortSignal
  release(): void
}

/**
 * Looks whether a daemon that does not answer can: one that is stopped by a signal, or held by a
 * debugger, is not waited for as long as one that is busy.
 */
export function watchSilence(call: Call): Silence {
  const given = new AbortController()
  let cancel = (): void => {}
  const arm = (): void => {
    cancel = call.host.clock.after(lookMs, () => void look())
  }
  const look = async (): Promise<void> => {
    const pid = await pidOf(call)
    if (pid !== undefined && call.host.processes.isStopped(pid)) given.abort()
    else if (!isOver) arm()
  }
  let isOver = false
  arm()
  return {
    signal: given.signal,
    release() {
      isOver = true
      cancel()
    },
  }
}

/** The error for a daemon that does not answer, with its pid and what it may be. */
export async function silentDaemon(call: Call, cause: TorchError): Promise<TorchError> {
  const { home } = call.paths
  const pid = await pidOf(call)
  if (pid === undefined) return cause
  const isStopped = call.host.processes.isStopped(pid)
  const who = `the torch daemon of ${home}, pid ${pid},`
  return new TorchError(
    'daemon-silent',
    isStopped ? `${who} is stopped and does not answer` : `${who} does not answer`,
    {
      hint: isStopped
        ? `kill -CONT ${pid} lets it go on; ps -o pid,stat,cmd ${pid} shows its state`
        : `it is busy, or hangs: see top -p ${pid}, and ${home}/daemon.log`,
      cause,
    },
  )
}

/** Loaded only here: most daemons answer. */
async function pidOf({ host, paths }: Call): Promise<number | undefined> {
  return (await import('../../daemon/start/open-home.ts')).readPid(host, paths)
}
