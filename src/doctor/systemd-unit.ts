import { note, ok, type Verdict, warning } from './finding.ts'

/** What starts the daemon at boot, where that is systemd. */
export interface SystemdFacts {
  /** systemd started this machine: sd_booted(3). */
  readonly booted: boolean
  /** Where the program systemd-notify is. */
  readonly notify: string | undefined
  readonly unit: UnitFacts | undefined
  /** The unit that comes with torch. */
  readonly shipped: string
}

export interface UnitFacts {
  readonly path: string
  readonly isEnabled: boolean
  readonly lacks: readonly Lack[]
}

/** A setting of a unit that is not what torch ships; undefined: it is not set. */
interface Lack {
  readonly key: string
  readonly is: string | undefined
  readonly should: string
}

export function checkSystemd(facts: SystemdFacts, inContainer: boolean): Verdict {
  const { booted, notify, unit, shipped } = facts
  if (!booted && inContainer) return ok('none, as in most containers')
  if (!booted)
    return note('none here', {
      instead: 'torch start puts the daemon into the background',
      hint: 'have it called at boot by what starts things here',
    })
  if (unit === undefined)
    return note('there is no torch.service', {
      instead: 'torch start puts the daemon into the background; nothing does it at boot',
      hint: `cp ${shipped} /etc/systemd/system/ && systemctl enable --now torch`,
    })
  if (notify === undefined)
    return warning('systemd-notify is not there: torch.service never becomes ready', {
      hint: 'install the package that has it, most often systemd',
    })
  if (unit.lacks.length > 0) return checkLacks(unit, shipped)
  if (!unit.isEnabled)
    return note(`${unit.path} is not enabled: a boot does not start it`, {
      hint: 'systemctl enable torch',
    })
  return ok(unit.path)
}

function checkLacks({ path, lacks }: UnitFacts, shipped: string): Verdict {
  const words = lacks.map(({ key, is, should }) =>
    is === undefined ? `no ${key}=${should}` : `${key}=${is} and not ${should}`,
  )
  const isGrave = lacks.some(({ key }) => graveKeys.includes(key))
  const more = { hint: `see why in ${shipped}` }
  const found = `${path} has ${words.join(', ')}`
  return isGrave ? warning(found, more) : note(found, more)
}

/** Without these runs end with the daemon, or systemd never hears that it is ready. */
const graveKeys = ['Type', 'NotifyAccess', 'KillMode']
/** What a unit should have as the one that is shipped does; the rest is for each to say. */
const keysThatCount = [...graveKeys, 'Delegate', 'TasksMax', 'OOMPolicy', 'Restart']

/**
 * How the [Service] of a unit (its file, then its drop-ins, in the order that systemd reads them)
 * differs from the shipped one in what counts.
 */
export function lacksOf(texts: readonly string[], shipped: string): Lack[] {
  const have = serviceSettings(texts)
  const wanted = serviceSettings([shipped])
  return keysThatCount.flatMap((key) => {
    const [is, should] = [have.get(key), wanted.get(key)]
    return should === undefined || is === should ? [] : [{ key, is, should }]
  })
}

/** systemd.syntax(7): the last one counts. */
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
