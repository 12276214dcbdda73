import { type Finding, findingsOf, named, note, ok, type Verdict, warning } from './finding.ts'

/** What this machine knows of time. */
export interface TimeFacts {
  readonly clock: ClockAnswers
  readonly inContainer: boolean
  readonly zone: ZoneFacts
  readonly data: ZoneDataFacts
}

/** What programs that know say of the clock; those that are not there are left out. */
export type ClockAnswers = { readonly [P in ClockProgram]?: string }
type ClockProgram = 'timedatectl' | 'timesyncd' | 'chronyc' | 'ntpq'

interface ZoneFacts {
  /** The machine's, as torch takes it. */
  readonly zone: string
  /** The variable TZ. */
  readonly variable: string | undefined
  /** Where /etc/localtime leads to. */
  readonly localtime: string | undefined
}

interface ZoneDataFacts {
  /** Of Node: `2025b`. */
  readonly own: string | undefined
  /** Of the system, where it says. */
  readonly system: string | undefined
  /** Tasks here whose zone is unknown to the system. */
  readonly without: readonly string[]
}

export function timeFindings(facts: TimeFacts): Finding[] {
  return findingsOf({
    clock: checkClock(facts),
    zone: checkZone(facts.zone),
    tzdata: checkZoneData(facts.data),
  })
}

function checkClock({ clock: answers, inContainer }: TimeFacts): Verdict {
  for (const program of clockPrograms) {
    const isRight = answers[program] === undefined ? undefined : readers[program](answers[program])
    if (isRight === true) return ok(`synchronised (${program})`)
    if (isRight === false)
      return warning(`not synchronised (${program}): tasks are due by a clock that may be wrong`, {
        hint: 'timedatectl set-ntp true, or start chronyd or ntpd',
      })
  }
  return note('whether it is synchronised is not known', {
    hint: inContainer
      ? 'see on the machine that the container is on'
      : 'timedatectl, chronyc or ntpq would say it',
  })
}

/** The kernel's own state first, which is the same whoever keeps the clock. */
const clockPrograms = ['timedatectl', 'timesyncd', 'chronyc', 'ntpq'] as const

/** undefined: it says neither. */
const readers: Readonly<Record<ClockProgram, (said: string) => boolean | undefined>> = {
  timedatectl: (said) => saying(said, /^NTPSynchronized=yes$/m, /^NTPSynchronized=no$/m),
  timesyncd: (said) => saying(said, /^synchronized$/, /^$/),
  // The leap status is the last of its fields.
  chronyc: (said) =>
    saying(said, /,(?:Normal|Insert second|Delete second)\s*$/, /,Not synchronised\s*$/),
  ntpq: (said) => saying(said, /\bsync_(?!unspec)\w/, /\b(?:leap_alarm|sync_unspec)\b/),
}

function saying(said: string, yes: RegExp, no: RegExp): boolean | undefined {
  if (no.test(said)) return false
  return yes.test(said) ? true : undefined
}

function checkZone({ zone, variable, localtime }: ZoneFacts): Verdict {
  if (variable !== undefined && variable !== '') {
    const isTaken = variable.endsWith(zone) || zone !== 'UTC' || /utc$|gmt$/i.test(variable)
    if (isTaken) return ok(`${zone} (TZ=${variable})`)
    return warning(`TZ=${variable} is no zone that Node knows`, {
      instead: 'UTC is taken',
      hint: 'an IANA name, as Europe/Berlin; or say timezone in the tasks file',
    })
  }
  if (localtime !== undefined || variable === '') return ok(zone)
  return note(`${zone}, as there is no /etc/localtime`, {
    hint: 'say timezone in the tasks file, and the machine does not matter',
  })
}

/** The rules of the zones: torch goes by those of Node, what it runs by those of the system. */
function checkZoneData({ own, system, without }: ZoneDataFacts): Verdict {
  if (own === undefined)
    return warning('this Node was built without zone data', {
      instead: 'UTC is all that it knows',
      hint: 'install a Node with full ICU, as nodejs.org has it',
    })
  if (without.length > 0)
    return warning(`the system does not know the zone of ${named(without)}`, {
      instead: 'they start in time, but programs in them, such as date, show UTC',
      hint: 'install tzdata',
    })
  if (system === undefined || system === own) return ok(own)
  return note(`${own} in Node, ${system} in the system`, {
    instead: "schedules go by Node's, the programs in runs by the system's",
    hint: system < own ? 'upgrade the package tzdata' : 'a newer Node has newer ones',
  })
}
