import { TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Ready } from './daemon.ts'
import { openHome } from './home.ts'
import type { Settings } from './settings.ts'

/** Adopting thousands of runs on a slow disk takes a while; longer than this is a hang. */
const readyTimeoutMs = 60_000

/** The line that a daemon writes on descriptor 3: that it is ready, or why not. */
export type ReadyLine =
  | { readonly ok: true; readonly ready: Ready }
  | {
      readonly ok: false
      readonly error: {
        code: string
        message: string
        hint: string | null
        details: readonly string[]
        exit: number
      }
    }

/**
 * Starts a daemon in the background and comes back when it is ready, or throws why it is not.
 * `script` and `words` are what runs the daemon: it gets the settings as its last argument.
 */
export async function startDetached(
  host: Host,
  settings: Settings,
  script: string,
  words: readonly string[],
): Promise<Ready> {
  const paths = openHome(host, settings.home)
  const log = host.files.openAppend(paths.log)
  try {
    const args = [script, ...words, JSON.stringify(settings)]
    const { pid, line } = await host.processes.spawnDetached(args, log, readyTimeoutMs)
    if (line === undefined) throw silentDaemon(host, pid, paths.log)
    const said = JSON.parse(line) as ReadyLine
    if (said.ok) return said.ready
    const { code, message, hint, details, exit } = said.error
    throw new TorchError(code, message, { ...(hint === null ? {} : { hint }), details, exit })
  } finally {
    host.files.close(log)
  }
}

function silentDaemon(host: Host, pid: number | undefined, log: string): TorchError {
  const lives = pid !== undefined && host.processes.identify(pid) !== undefined
  return new TorchError(
    'not-ready',
    lives
      ? `the daemon (pid ${pid}) did not become ready within ${readyTimeoutMs / 1000} s`
      : 'the daemon ended before it was ready',
    { hint: `its last words are in ${log}` },
  )
}

/** What a daemon that cannot become ready writes. */
export function readyError(error: TorchError): ReadyLine {
  const { code, message, hint, details, exit } = error
  return { ok: false, error: { code, message, hint: hint ?? null, details, exit } }
}
