import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { zoneHint } from '../schedule/zone-names.ts'
import type { Task } from '../tasks/task.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  namesOf,
  note,
  ok,
  warning,
} from './finding.ts'
import { exists, outputOf } from './probe.ts'

/** The clock and the time zones of this machine. */
export interface TimeFacts {
  readonly clock: ClockAnswers
  readonly inContainer: boolean
  readonly zone: ZoneFacts
  readonly data: ZoneDataFacts
}

/** What programs say about the clock. Programs that are missing or fail are left out. */
export type ClockAnswers = { readonly [P in ClockProgram]?: string }
type ClockProgram = 'timedatectl' | 'timesyncd' | 'chronyc' | 'ntpq'

interface ZoneFacts {
  /** The zone of the machine, as torch uses it. */
  readonly zone: string
  /** The variable TZ. */
  readonly variable: string | undefined
  /** TZ is set to something that is not a time zone. */
  readonly isIgnored: boolean
  /** Where /etc/localtime links to. */
  readonly localtime: string | undefined
}

interface ZoneDataFacts {
  /** The version of Node's zone data, for example `2025b`. */
  readonly own: string | undefined
  /** The version of the system's zone data, if known. */
  readonly system: string | undefined
  /** Tasks here whose zone is missing from the system's zone data. */
  readonly without: readonly string[]
}

const zoneFolder = '/usr/share/zoneinfo'
/** The version is at the beginning of the file. */
const headBytes = 64

/** Probes the clock and the zones. `here`: the tasks that run here, if known. Never throws. */
export async function probeTime(
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
      isIgnored: host.clock.ignoredZone() !== undefined,
      localtime: quietly(() => host.files.realPath('/etc/localtime')),
    },
    data: {
      own: process.versions['tz'],
      system: systemDataVersion(host),
      without: (here ?? [])
        .filter((task) => !systemKnows(host, task.timezone))
        .map((task) => task.name),
    },
  }
}

async function askClocks(host: Host): Promise<ClockAnswers> {
  const [timedatectl, chronyc, ntpq] = await Promise.all([
    outputOf(host, 'timedatectl', 'show', '-p', 'NTPSynchronized'),
    outputOf(host, 'chronyc', '-c', 'tracking'),
    outputOf(host, 'ntpq', '-c', 'rv'),
  ])
  // systemd-timesyncd(8) keeps this file while the clock is synchronised, even if timedatectl fails.
  const isSynchronised = exists(host, '/run/systemd/timesync/synchronized')
  return {
    ...(timedatectl !== undefined && { timedatectl }),
    ...(isSynchronised && { timesyncd: 'synchronized' }),
    ...(chronyc !== undefined && { chronyc }),
    ...(ntpq !== undefined && { ntpq }),
  }
}

/** Debian writes the version into a comment of tzdata.zi, other systems into a file of its own. */
function systemDataVersion({ files }: Host): string | undefined {
  const head = (name: string) =>
    quietly(() => files.readBytes(path.join(zoneFolder, name), 0, headBytes).toString('latin1'))
  return (
    /^# version (\S+)/.exec(head('tzdata.zi') ?? '')?.[1] ??
    /^(\d{4}\w+)/.exec(head('+VERSION') ?? '')?.[1]
  )
}

/** Programs fall back to UTC if the file of their zone is missing, so UTC itself needs no file. */
function systemKnows(host: Host, zone: string): boolean {
  if (/^(?:Etc\/)?(?:UTC|GMT|UCT|Zulu)$/i.test(zone)) return true
  return exists(host, path.join(zoneFolder, zone))
}

export function judgeTime(facts: TimeFacts): Finding[] {
  return findingsOf({
    clock: checkClock(facts),
    zone: checkZone(facts.zone),
    tzdata: checkZoneData(facts.data),
  })
}

function checkClock({ clock: answers, inContainer }: TimeFacts): CheckResult {
  for (const program of clockPrograms) {
    const answer = answers[program]
    const isSynchronised = answer === undefined ? undefined : readers[program](answer)
    if (isSynchronised === true) return ok(`synchronised (${program})`)
    if (isSynchronised === false)
      return warning(`not synchronised (${program}): tasks may start at the wrong time`, {
        hint: 'timedatectl set-ntp true, or start chronyd or ntpd',
      })
  }
  return note('torch cannot find out whether the clock is synchronised', {
    hint: inContainer
      ? 'check the machine that runs this container'
      : 'install timedatectl, chronyc or ntpq',
  })
}

/** timedatectl first: it reports the kernel's state, whatever program sets the clock. */
const clockPrograms = ['timedatectl', 'timesyncd', 'chronyc', 'ntpq'] as const

/** How to read each answer; undefined: it says neither yes nor no. */
const readers: Readonly<Record<ClockProgram, (answer: string) => boolean | undefined>> = {
  timedatectl: (answer) => yesOrNo(answer, /^NTPSynchronized=yes$/m, /^NTPSynchronized=no$/m),
  timesyncd: (answer) => yesOrNo(answer, /^synchronized$/, /^$/),
  // The leap status is the last field.
  chronyc: (answer) =>
    yesOrNo(answer, /,(?:Normal|Insert second|Delete second)\s*$/, /,Not synchronised\s*$/),
  ntpq: (answer) => yesOrNo(answer, /\bsync_(?!unspec)\w/, /\b(?:leap_alarm|sync_unspec)\b/),
}

function yesOrNo(answer: string, yes: RegExp, no: RegExp): boolean | undefined {
  if (no.test(answer)) return false
  return yes.test(answer) ? true : undefined
}

function checkZone({ zone, variable, isIgnored, localtime }: ZoneFacts): CheckResult {
  if (variable !== undefined && variable !== '') {
    if (!isIgnored) return ok(`${zone} (TZ=${variable})`)
    return warning(`TZ=${variable} is not a time zone`, {
      instead: 'torch uses UTC',
      hint: `set timezone in the tasks file, or another TZ: ${zoneHint(variable)}`,
    })
  }
  if (localtime !== undefined || variable === '') return ok(zone)
  return note(`${zone}, because /etc/localtime is missing`, {
    hint: 'set timezone in the tasks file to be independent of the machine',
  })
}

/** torch itself uses Node's zone data; programs in runs use the system's. */
function checkZoneData({ own, system, without }: ZoneDataFacts): CheckResult {
  if (own === undefined)
    return warning('this Node was built without zone data', {
      instead: 'it knows only UTC',
      hint: 'install a Node with full ICU, such as the one from nodejs.org',
    })
  if (without.length > 0)
    return warning(`the system does not know the zone of ${namesOf(without)}`, {
      instead: 'torch starts them on time, but programs in them, such as date, show UTC',
      hint: 'install tzdata',
    })
  if (system === undefined || system === own) return ok(own)
  return note(`${own} in Node, ${system} in the system`, {
    instead: "schedules use Node's data, programs in runs use the system's",
    hint: system < own ? 'upgrade the package tzdata' : 'install a newer Node',
  })
}
