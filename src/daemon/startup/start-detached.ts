import { errorFromJson, type ErrorJson, errorToJson, TorchError } from '../../errors.ts'
import type { DaemonChild } from '../../host/daemon-child.ts'
import type { Host } from '../../host/host.ts'
import { openForLog } from '../../record/line-file.ts'
import type { Settings } from '../settings.ts'
import { openHome } from './open-home.ts'

/** What a daemon says once it is ready. */
export interface Ready {
  readonly pid: number
  /** Warnings about the tasks file. */
  readonly warnings: readonly string[]
}

/**
 * Starts a daemon in the background and returns when it is ready, or throws why it is not. `script`
 * is the program that runs it, with the argument `daemon` and the settings.
 */
export async function startDetached(
  host: Host,
  settings: Settings,
  script: string,
): Promise<Ready> {
  const paths = openHome(host, settings.home, settings.viewGroup)
  const log = openForLog(() => host.files.openAppend(paths.log))
  try {
    const child = host.processes.spawnDaemon({
      command: host.processes.daemonCommand(script),
      args: ['daemon', JSON.stringify(settings)],
      outputs: [log, log],
      descriptors: [],
      env: {},
    })
    try {
      return await hearReady(child, paths.log)
    } finally {
      child.close()
    }
  } finally {
    host.files.close(log)
  }
}

/** Adopting thousands of runs on a slow disk takes a while; a daemon that takes longer hangs. */
const readyTimeoutMs = 60_000

/** What a daemon that was just started says of itself; throws the reason if it is not ready. */
export async function hearReady(child: DaemonChild, log: string): Promise<Ready> {
  const heard = await child.nextLine(readyTimeoutMs)
  if (typeof heard === 'string') throw silentDaemon(child.pid, heard, log)
  const said = JSON.parse(heard.line) as ReadyLine
  if (said.ok) return said.ready
  throw errorFromJson(said.error)
}

function silentDaemon(pid: number | undefined, heard: 'closed' | 'late', log: string): TorchError {
  return new TorchError(
    'not-ready',
    heard === 'late'
      ? `the daemon (pid ${pid}) did not become ready within ${readyTimeoutMs / 1000} s`
      : 'the daemon ended before it was ready',
    { hint: `see the end of ${log}` },
  )
}

/** The line that a daemon writes on its channel: that it is ready, or why not. */
type ReadyLine =
  { readonly ok: true; readonly ready: Ready } | { readonly ok: false; readonly error: ErrorJson }

/** The line of a daemon that is ready. */
export function readyLine(ready: Ready): string {
  return JSON.stringify({ ok: true, ready } satisfies ReadyLine)
}

/** The line of a daemon that cannot become ready. */
export function failureLine(error: TorchError): string {
  return JSON.stringify({ ok: false, error: errorToJson(error) } satisfies ReadyLine)
}

/** Why a daemon failed, if its line says so. */
export function heardFailure(line: string): TorchError | undefined {
  if (!line.startsWith('{')) return undefined
  const said = JSON.parse(line) as ReadyLine
  return said.ok ? undefined : errorFromJson(said.error)
}
