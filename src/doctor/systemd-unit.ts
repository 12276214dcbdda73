import path from 'node:path'
import { serviceOf } from '../daemon/systemd.ts'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { type CheckResult, note, ok, warning } from './finding.ts'
import { exists, textOf } from './probe.ts'

/** How systemd, if it runs, starts the daemon at boot. */
export interface SystemdFacts {
  /** systemd booted this machine, see sd_booted(3). */
  readonly booted: boolean
  /** Whether this daemon can send messages to systemd. */
  readonly canNotify: boolean
  readonly unit: UnitFacts | undefined
  /** The running daemon, if systemd should know it and does not. */
  readonly lost: LostDaemon | undefined
  /** The unit file that comes with torch. */
  readonly shipped: string
}

interface LostDaemon {
  readonly pid: number
  readonly service: string
}

interface UnitFacts {
  readonly path: string
  readonly isEnabled: boolean
  readonly differences: readonly Difference[]
}

/** A setting that differs from the shipped unit. `is` undefined: it is not set, nor is its default right. */
interface Difference {
  readonly key: string
  readonly is: string | undefined
  readonly should: string
}

/** The folders for units, the one with the highest priority first, see systemd.unit(5). */
const unitFolders = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system']
const unitName = 'torch.service'

/** Finds the installed unit and compares it with the shipped one; undefined if there is none. */
export function findUnit(host: Host, shipped: string): UnitFacts | undefined {
  const user = path.join(host.accounts.self().home, '.config/systemd/user')
  const folders = host.processes.uid === 0 ? unitFolders : [user, ...unitFolders]
  const folder = folders.find((each) => exists(host, path.join(each, unitName)))
  if (folder === undefined) return undefined
  const file = path.join(folder, unitName)
  const dropIns = folders.toReversed().flatMap((each) => {
    const place = path.join(each, `${unitName}.d`)
    const names = quietly(() => host.files.list(place)) ?? []
    return names.filter((name) => name.endsWith('.conf')).map((name) => path.join(place, name))
  })
  const texts = [file, ...dropIns].map((each) => textOf(host, each))
  return {
    path: file,
    isEnabled: isEnabled(host, folders),
    differences: unitDifferences(texts, textOf(host, shipped)),
  }
}

/**
 * The daemon, if it is in the control group of torch.service and not its main process. Daemons of
 * the first version could get there by `torch restart`.
 */
export async function lostDaemon(host: Host, pid: number): Promise<LostDaemon | undefined> {
  const service = await serviceOf(host, pid)
  if (service?.name !== unitName || service.mainPid === pid) return undefined
  return { pid, service: service.name }
}

/** `systemctl enable` creates a link in the .wants folder of a target. */
function isEnabled(host: Host, folders: readonly string[]): boolean {
  return folders.some((folder) =>
    (quietly(() => host.files.list(folder)) ?? [])
      .filter((name) => name.endsWith('.wants'))
      .some((name) => exists(host, path.join(folder, name, unitName))),
  )
}

/**
 * Without these, runs end with the daemon, systemd never learns that the daemon is ready, or any task
 * can claim to be the daemon.
 */
const essentialKeys = ['Type', 'NotifyAccess', 'KillMode']
/** What systemd takes for a setting that is missing from a unit with Type=notify. */
const defaults: Readonly<Record<string, string>> = { NotifyAccess: 'main' }
/** The settings to compare with the shipped unit. All others are up to the administrator. */
const comparedKeys = [...essentialKeys, 'Delegate', 'TasksMax', 'OOMPolicy', 'Restart']

/**
 * Compares the [Service] section of a unit with the shipped unit. `texts`: the unit file and its
 * drop-ins, in the order in which systemd reads them.
 */
export function unitDifferences(texts: readonly string[], shipped: string): Difference[] {
  const actual = serviceSettings(texts)
  const wanted = serviceSettings([shipped])
  return comparedKeys.flatMap((key) => {
    const [is, should] = [actual.get(key) ?? defaults[key], wanted.get(key)]
    return should === undefined || is === should ? [] : [{ key, is, should }]
  })
}

/** If a setting occurs several times, the last one counts: systemd.syntax(7). */
function serviceSettings(texts: readonly string[]): Map<string, string> {
  const settings = new Map<string, string>()
  for (const text of texts) {
    let section = ''
    for (const line of text.split('\n')) {
      section = /^\[(.*)\]\s*$/.exec(line)?.[1] ?? section
      const [, key, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      if (section === 'Service' && key !== undefined) settings.set(key, value ?? '')
    }
  }
  return settings
}

export function checkSystemd(facts: SystemdFacts, inContainer: boolean): CheckResult {
  const { booted, canNotify, unit, lost, shipped } = facts
  if (!booted && inContainer) return ok('not used, as in most containers')
  if (!booted)
    return note('this machine does not use systemd', {
      instead: 'torch start runs the daemon in the background',
      hint: 'let your init system run torch start at boot',
    })
  if (unit === undefined)
    return note('torch.service is not installed', {
      instead: 'torch start runs the daemon in the background; nothing starts it at boot',
      hint: `cp ${shipped} /etc/systemd/system/ && systemctl enable --now torch`,
    })
  if (!canNotify)
    return warning('systemd-notify is missing: torch.service never becomes ready', {
      hint: 'install the package that contains it, usually systemd',
    })
  if (lost !== undefined)
    return warning(
      `systemd has lost the daemon (pid ${lost.pid}): systemctl stop does not stop it`,
      { hint: `systemctl restart ${lost.service} gives it a daemon that takes over the runs` },
    )
  if (unit.differences.length > 0) return checkDifferences(unit, shipped)
  if (!unit.isEnabled)
    return note(`${unit.path} is not enabled: it does not start at boot`, {
      hint: 'systemctl enable torch',
    })
  return ok(unit.path)
}

function checkDifferences({ path: file, differences }: UnitFacts, shipped: string): CheckResult {
  const list = differences.map(({ key, is, should }) =>
    is === undefined ? `no ${key}=${should}` : `${key}=${is} instead of ${should}`,
  )
  const isEssential = differences.some(({ key }) => essentialKeys.includes(key))
  const more = { hint: `${shipped} says why they matter` }
  const found = `${file} has ${list.join(', ')}`
  return isEssential ? warning(found, more) : note(found, more)
}
