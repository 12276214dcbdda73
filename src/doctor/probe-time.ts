import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { ClockAnswers, TimeFacts } from './judge-time.ts'
import type { Task } from '../tasks/task.ts'
import { quietly, said } from './probe.ts'

const zoneFolder = '/usr/share/zoneinfo'
/** The version stands at the beginning. */
const headBytes = 64

/** The clock and the zones. Never throws. */
export async function lookAtTime(
  host: Host,
  here: readonly Task[] | undefined,
  inContainer: boolean,
): Promise<TimeFacts> {
  return {
    clock: await askClocks(host),
    inContainer,
    zone: {
      zone: host.clock.zone(),
      variable: process.env['TZ'],
      localtime: quietly(() => host.files.realPath('/etc/localtime')),
    },
    data: {
      own: process.versions['tz'],
      system: systemVersion(host),
      without: (here ?? [])
        .filter((task) => !isKnown(host, task.timezone))
        .map((task) => task.name),
    },
  }
}

async function askClocks(host: Host): Promise<ClockAnswers> {
  const [timedatectl, chronyc, ntpq] = await Promise.all([
    said(host, 'timedatectl', 'show', '-p', 'NTPSynchronized'),
    said(host, 'chronyc', '-c', 'tracking'),
    said(host, 'ntpq', '-c', 'rv'),
  ])
  // There while systemd-timesyncd(8) keeps the clock, whether timedatectl gets an answer or not.
  const isSynchronised =
    quietly(() => host.files.facts('/run/systemd/timesync/synchronized')) !== undefined
  return {
    ...(timedatectl !== undefined && { timedatectl }),
    ...(isSynchronised && { timesyncd: 'synchronized' }),
    ...(chronyc !== undefined && { chronyc }),
    ...(ntpq !== undefined && { ntpq }),
  }
}

/** Debian's tzdata has it in a comment, other systems in a file of its own. */
function systemVersion({ files }: Host): string | undefined {
  const head = (name: string) =>
    quietly(() => files.readBytes(path.join(zoneFolder, name), 0, headBytes).toString('latin1'))
  return (
    /^# version (\S+)/.exec(head('tzdata.zi') ?? '')?.[1] ??
    /^(\d{4}\w+)/.exec(head('+VERSION') ?? '')?.[1]
  )
}

/** A run without the file of its zone has UTC; of that no file is needed. */
function isKnown({ files }: Host, zone: string): boolean {
  if (/^(?:Etc\/)?(?:UTC|GMT|UCT|Zulu)$/i.test(zone)) return true
  return quietly(() => files.facts(path.join(zoneFolder, zone))) !== undefined
}
