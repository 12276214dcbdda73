import { askDaemon } from '../../control/client.ts'
import type { Protocol, RequestName } from '../../control/protocol.ts'
import { TorchError } from '../../errors.ts'
import type { Call } from '../command.ts'
import type { Terminal } from '../terminal/terminal.ts'

/**
 * What to do if no daemon answers:
 * - `required`: throw, with exit status 3 if no daemon runs.
 * - `optional`: return undefined if no daemon runs; throw if one runs and does not answer.
 * - `informative`: the same, but if one runs and does not answer, warn and return `silent`. For
 *   commands that only show something and can read the files instead.
 */
export type Policy = 'required' | 'optional' | 'informative'

/** What ask() may return besides the reply. */
interface Otherwise {
  readonly required: never
  readonly optional: undefined
  readonly informative: undefined | 'silent'
}

type Asker = Pick<Call, 'host' | 'paths'> & { readonly terminal?: Pick<Terminal, 'note'> }

interface Choices {
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs?: number
  /** Where the warnings of `informative` go, instead of standard error. */
  readonly warn?: (line: string) => void
}

/**
 * Sends a request to the daemon of this home and returns its reply. If no daemon answers, it does
 * what the policy says. Throws the errors of askDaemon(), such as a home of another user.
 */
export async function ask<N extends RequestName, P extends Policy>(
  asker: Asker,
  name: N,
  request: Protocol[N]['request'],
  policy: P,
  choices?: Choices,
): Promise<Protocol[N]['reply'] | Otherwise[P]>
export async function ask(
  asker: Asker,
  name: RequestName,
  request: Protocol[RequestName]['request'],
  policy: Policy,
  { timeoutMs = timeoutsMs[name], warn = (line) => asker.terminal?.note(line) }: Choices = {},
): Promise<unknown> {
  const stopped = watchForStopped(asker)
  try {
    const bounds = { timeoutMs, giveUp: stopped.signal }
    return await askDaemon(asker.paths.socket, name, request, bounds)
  } catch (error) {
    if (policy !== 'required' && isNoDaemon(error)) return undefined
    if (!isSilent(error)) throw error
    const explained = await explainSilence(asker, error)
    if (policy !== 'informative') throw explained
    warn(`${explained.message}; this is what the files say`)
    if (explained.hint !== undefined) warn(`hint: ${explained.hint}`)
    return 'silent'
  } finally {
    stopped.release()
  }
}

/** Whether the error says that a daemon runs and does not answer. */
export function isSilent(error: unknown): error is TorchError {
  return error instanceof TorchError && error.code === 'daemon-silent'
}

function isNoDaemon(error: unknown): boolean {
  return error instanceof TorchError && error.code === 'no-daemon'
}

/** A request that only reads can use the files instead; one that changes something waits longer. */
const timeoutsMs: Readonly<Record<RequestName, number>> = {
  status: 5_000,
  metrics: 5_000,
  /** With 10,000 tasks the daemon takes seconds to read its file. */
  reload: 120_000,
  stop: 10_000,
  /** The next daemon may take a minute to start. */
  restart: 90_000,
  run: 10_000,
  scripts: 10_000,
  kill: 10_000,
  pause: 10_000,
  resume: 10_000,
  send: 5_000,
  flush: 5_000,
  reopen: 5_000,
  /** A slow disk takes its time for each of them. */
  message: 60_000,
  /** Thousands of messages, on a slow disk. */
  inbox: 120_000,
  /** A busy machine takes up to a minute to start the process for it. */
  notify: 90_000,
  history: 5_000,
  output: 5_000,
  /** The engine, and other machines, take their time. */
  fleetState: 10_000,
  fleetAsk: 10_000,
  fleetRows: 30_000,
  fleetClaim: 10_000,
  fleetDo: 20_000,
}

/** How long to wait for a reply before looking at the process of the daemon, and between two looks. */
const lookMs = 5_000

/**
 * Gives up on a daemon that cannot answer because a signal or a debugger has stopped its process.
 * A busy one gets the full timeout.
 */
function watchForStopped(asker: Asker): { signal: AbortSignal; release: () => void } {
  const given = new AbortController()
  let cancel = (): void => {}
  let isOver = false
  const look = async (): Promise<void> => {
    const pid = await pidOf(asker)
    if (pid !== undefined && asker.host.processes.isStopped(pid)) given.abort()
    else if (!isOver) lookLater()
  }
  const lookLater = (): void => {
    cancel = asker.host.clock.after(lookMs, () => void look())
  }
  lookLater()
  return {
    signal: given.signal,
    release() {
      isOver = true
      cancel()
    },
  }
}

/** The error for a daemon that does not answer, with its pid and what to do. */
async function explainSilence(asker: Asker, cause: TorchError): Promise<TorchError> {
  const { home } = asker.paths
  const pid = await pidOf(asker)
  if (pid === undefined) return cause
  const isStopped = asker.host.processes.isStopped(pid)
  const daemon = `the torch daemon of ${home}, pid ${pid},`
  return new TorchError(
    'daemon-silent',
    isStopped ? `${daemon} is stopped and does not answer` : `${daemon} does not answer`,
    {
      hint: isStopped
        ? `resume it with kill -CONT ${pid}; ps -o pid,stat,cmd ${pid} shows its state`
        : `it is busy or hangs: see top -p ${pid} and ${home}/daemon.log`,
      cause,
    },
  )
}

/** Loads its code only here: most daemons answer. */
async function pidOf({ host, paths }: Asker): Promise<number | undefined> {
  return (await import('../../daemon/startup/open-home.ts')).readPid(host, paths)
}
