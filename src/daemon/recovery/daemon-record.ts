import type { DaemonEnd } from '../../control/status-report.ts'
import type { Host } from '../../host/host.ts'
import { isAlive } from '../../host/processes.ts'
import type { Faults } from '../../run/faults.ts'
import { timeText } from '../../record/history/rows.ts'
import type { HomePaths } from '../settings.ts'

/** Who stopped a daemon: the command, or the signal that it got. */
export type StoppedBy = 'torch stop' | 'SIGTERM' | 'SIGINT'

/** The content of daemon.json: the last daemon of the home. Times are ISO 8601 in UTC. */
interface DaemonRecord {
  readonly pid: number
  readonly startTicks: number
  readonly bootId: string
  readonly version: string
  readonly startedAt: string
  /** Written each minute. */
  readonly aliveAt: string
  /** null as long as it runs. If it stays null after that, the daemon could not write it. */
  readonly ended: { readonly at: string; readonly by: StoppedBy; readonly left: boolean } | null
}

interface RecordParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly settings: { readonly version: string }
  readonly startedMs: number
  readonly faults: Faults
}

/** Notes that this daemon is alive now. */
export function noteAlive(parts: RecordParts): void {
  parts.faults.attempt('note that the daemon is alive', () => writeDaemonRecord(parts))
}

/**
 * Writes daemon.json: that this daemon is alive now or, with `ended`, that it stopped in good order.
 * Throws.
 */
export function writeDaemonRecord(
  parts: RecordParts,
  ended?: { by: StoppedBy; left: boolean },
): void {
  const { host, paths, settings, startedMs } = parts
  const { processes, clock } = host
  const at = timeText(clock.now())
  const record: DaemonRecord = {
    pid: processes.pid,
    startTicks: processes.identify(processes.pid)?.startTicks ?? 0,
    bootId: processes.bootId,
    version: settings.version,
    startedAt: timeText(startedMs),
    aliveAt: at,
    ended: ended === undefined ? null : { at, ...ended },
  }
  // Only the end must survive a power cut at once.
  host.files.replace(paths.daemonRecord, `${JSON.stringify(record)}\n`, {
    sync: ended !== undefined,
  })
}

/**
 * How the last daemon of this home ended; null if it still runs, if none ever ran here, or if nothing
 * is known of it. A daemon that could not say so is known to have died by its process, and by the boot
 * of the machine.
 */
export function lastDaemonEnd(host: Host, paths: HomePaths): DaemonEnd | null {
  const record = readRecord(host, paths)
  if (record === undefined) return null
  const { pid, version, startedAt, bootId, aliveAt, ended } = record
  const known = { pid, version, startedAt }
  if (ended !== null) return { ...known, how: 'stopped', ...ended }
  const isThisBoot = bootId === host.processes.bootId
  if (isThisBoot && isAlive(host, record)) return null
  return { ...known, how: isThisBoot ? 'died' : 'rebooted', at: aliveAt, by: null, left: true }
}

/** undefined for a missing file, and for one that is damaged. */
function readRecord({ files }: Host, paths: HomePaths): DaemonRecord | undefined {
  try {
    const record = JSON.parse(files.readText(paths.daemonRecord) ?? '') as DaemonRecord
    const isWhole = typeof record.aliveAt === 'string' && typeof record.ended === 'object'
    return isWhole ? record : undefined
  } catch {
    return undefined
  }
}
