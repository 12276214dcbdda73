import { type ErrorJson, errorFromJson, errorToJson, TorchError } from '../../errors.ts'
import type { DaemonChild } from '../../host/daemon-child.ts'

/** What a daemon says once it is ready. */
export interface Ready {
  readonly pid: number
  /** Warnings of the tasks file. */
  readonly warnings: readonly string[]
}

/** The line that a daemon writes on its channel: that it is ready, or why not. */
type ReadyLine =
  { readonly ok: true; readonly ready: Ready } | { readonly ok: false; readonly error: ErrorJson }

/** Adopting thousands of runs on a slow disk takes a while; longer than this is a hang. */
const readyTimeoutMs = 60_000

/** What a daemon that is ready says. */
export function readyLine(ready: Ready): string {
  return JSON.stringify({ ok: true, ready } satisfies ReadyLine)
}

/** What a daemon that cannot become ready says. */
export function failureLine(error: TorchError): string {
  return JSON.stringify({ ok: false, error: errorToJson(error) } satisfies ReadyLine)
}

/** What a daemon that was just started says of itself; throws the reason where it is not ready. */
export async function hearReady(child: DaemonChild, log: string): Promise<Ready> {
  const heard = await child.nextLine(readyTimeoutMs)
  if (typeof heard === 'string') throw silentDaemon(child.pid, heard, log)
  const said = JSON.parse(heard.line) as ReadyLine
  if (said.ok) return said.ready
  throw errorFromJson(said.error)
}

/** Why a daemon has failed, where that is what it said. */
export function heardFailure(line: string): TorchError | undefined {
  if (!line.startsWith('{')) return undefined
  const said = JSON.parse(line) as ReadyLine
  return said.ok ? undefined : errorFromJson(said.error)
}

function silentDaemon(pid: number | undefined, heard: 'closed' | 'late', log: string): TorchError {
  return new TorchError(
    'not-ready',
    heard === 'late'
      ? `the daemon (pid ${pid}) did not become ready within ${readyTimeoutMs / 1000} s`
      : 'the daemon ended before it was ready',
    { hint: `its last words are in ${log}` },
  )
}
