import { remembered } from '../text/cache.ts'
import { nearest } from '../text/suggest.ts'

/*
 * Which names of time zones may be written, and what torch suggests instead of others. Intl alone
 * cannot decide: it takes BST for Dhaka and `europe/berlin` for Berlin. The C library, which reads the
 * TZ of a run, takes both for UTC.
 */

/** Names whose answer is remembered. */
const maxKnownNames = 1024
const knownNames = new Map<string, boolean>()
const namesInIntl = new Map<string, boolean>()

/** True for the IANA names with a `/`, spelled as in the database, and for UTC and GMT. */
export function isZone(name: string): boolean {
  return remembered(knownNames, maxKnownNames, name, () => {
    if (name === 'UTC' || name === 'GMT') return true
    return isWellNamed(name) && isInIntl(name)
  })
}

/** Whether a name that Intl knows is in the database too, and spelled as there. */
function isWellNamed(name: string): boolean {
  const [area = ''] = name.split('/')
  return areas.has(area) && !removed.has(name) && name === spelled(name)
}

/** True if Intl has the rules of this zone. The zone of the machine may have a name like CET. */
export function isInIntl(name: string): boolean {
  return remembered(namesInIntl, maxKnownNames, name, () => {
    try {
      void new Intl.DateTimeFormat('en-US', { timeZone: name })
      return true
    } catch {
      return false
    }
  })
}

/** The current names of all zones. */
export function zoneNames(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter(isWellNamed)]
}

type Guess = (word: string, candidates: readonly string[]) => string | undefined

/** What to write instead of a name that is not a zone. `guess` finds the most similar name. */
export function zoneHint(name: string, guess: Guess = nearest): string {
  const places = zonesMeant(name)
  if (places.length > 0) return meant(...places)
  const word = name.trim()
  const offset = offsetHint(word)
  if (offset !== undefined) return offset
  const text = spelled(word.replaceAll(/\s+/g, '_'))
  const names = zoneNames()
  const city = names.find((zone) => zone.endsWith(`/${text}`))
  const near = city ?? (/^[A-Z]{3,5}$/.test(word) ? undefined : guess(text, names))
  return near === undefined ? 'write an IANA name, such as Europe/Berlin' : meant(near)
}

/** The zones that a name stands for beyond doubt, or the few that an abbreviation may stand for. */
export function zonesMeant(name: string): readonly string[] {
  const word = name.trim().replace(/^:?(?:\/usr\/share\/zoneinfo\/)?(?:(?:posix|right)\/)?/, '')
  const text = spelled(word.replaceAll(/\s+/g, '_'))
  if (isZone(text)) return [text]
  const old = currentName(word)
  if (old !== undefined) return [old]
  // EST5EDT, CET-1CEST,M3.5.0,M10.5.0/3 and SystemV/PST8PDT begin with an abbreviation.
  const abbreviation = /^(?:SystemV\/)?([a-z]{3,4})(?:$|[+-]?\d)/i.exec(word)?.[1]?.toUpperCase()
  return abbreviations.get(abbreviation ?? '')?.split(' ') ?? []
}

/** The current name of an old one without a `/`: `Asia/Tokyo` for `Japan`. */
export function currentName(name: string): string | undefined {
  const lower = name.toLowerCase()
  if (/^(?:utc|gmt|ut|uct|z|zulu|universal|greenwich)[+-]?0*$/.test(lower)) return 'UTC'
  return oldNames.get(lower)
}

/** Etc/GMT-2 is two hours ahead of UTC: it has the sign of POSIX. */
function offsetHint(word: string): string | undefined {
  const match = /^(?:utc|gmt)?([+-])(\d\d?)(?::?(\d\d))?$/i.exec(word)
  if (match === null) return undefined
  const [, sign = '', hours = '', minutes = '0'] = match
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`
  if (Number(hours) === 0 && Number(minutes) === 0) return meant('UTC')
  if (Number(minutes) !== 0 || !isZone(name))
    return 'write the zone of a place with this offset, such as Asia/Kolkata for +05:30'
  const side = sign === '+' ? 'ahead of' : 'behind'
  return `${Number(hours)} hours ${side} UTC is "${name}" (its sign is reversed); a zone with daylight saving has the name of a place, such as Europe/Berlin`
}

function meant(...names: string[]): string {
  return `did you mean ${names.map((name) => `"${name}"`).join(' or ')}?`
}

/** The name in the spelling of the database: each word begins with a capital, with a few exceptions. */
function spelled(name: string): string {
  return name.replaceAll(/[^/_+-]+/g, (word) => {
    const lower = word.toLowerCase()
    return oddWords.get(lower) ?? lower.slice(0, 1).toUpperCase() + lower.slice(1)
  })
}

const oddWords: ReadonlyMap<string, string> = new Map(
  'of es au US IN ACT LHI NSW GMT GMT0 UCT UTC DumontDUrville McMurdo DeNoronha EasterIsland BajaNorte BajaSur ComodRivadavia'
    .split(' ')
    .map((word) => [word.toLowerCase(), word]),
)

/** Intl has other folders too: SystemV is not in the database any more. */
const areas = new Set(
  'Africa America Antarctica Arctic Asia Atlantic Australia Brazil Canada Chile Etc Europe Indian Mexico Pacific US'.split(
    ' ',
  ),
)
/** Removed from the database in 2017 and 2020, but still in Intl. */
const removed = new Set(['Canada/East-Saskatchewan', 'US/Pacific-New'])

/** The places that an abbreviation may stand for. Most are used on more than one continent. */
const abbreviations: ReadonlyMap<string, string> = new Map([
  ['ACST', 'Australia/Adelaide Australia/Darwin'],
  ['AEST', 'Australia/Sydney Australia/Brisbane'],
  ['AEDT', 'Australia/Sydney'],
  ['AET', 'Australia/Sydney'],
  ['AKST', 'America/Anchorage'],
  ['AKDT', 'America/Anchorage'],
  ['ART', 'America/Argentina/Buenos_Aires'],
  ['AST', 'America/Halifax Asia/Riyadh'],
  ['ADT', 'America/Halifax'],
  ['AWST', 'Australia/Perth'],
  ['BRT', 'America/Sao_Paulo'],
  ['BST', 'Europe/London'],
  ['CAT', 'Africa/Maputo'],
  ['CDT', 'America/Chicago'],
  ['CEST', 'Europe/Berlin'],
  ['CET', 'Europe/Berlin'],
  ['CST', 'America/Chicago Asia/Shanghai'],
  ['EAT', 'Africa/Nairobi'],
  ['EDT', 'America/New_York'],
  ['EEST', 'Europe/Athens'],
  ['EET', 'Europe/Athens'],
  ['EST', 'America/New_York'],
  ['HKT', 'Asia/Hong_Kong'],
  ['HST', 'Pacific/Honolulu'],
  ['IST', 'Asia/Kolkata Europe/Dublin'],
  ['JST', 'Asia/Tokyo'],
  ['KST', 'Asia/Seoul'],
  ['MDT', 'America/Denver'],
  ['MEZ', 'Europe/Berlin'],
  ['MESZ', 'Europe/Berlin'],
  ['MET', 'Europe/Berlin'],
  ['MSK', 'Europe/Moscow'],
  ['MST', 'America/Denver America/Phoenix'],
  ['NST', 'America/St_Johns'],
  ['NZDT', 'Pacific/Auckland'],
  ['NZST', 'Pacific/Auckland'],
  ['PDT', 'America/Los_Angeles'],
  ['PKT', 'Asia/Karachi'],
  ['PST', 'America/Los_Angeles'],
  ['SAST', 'Africa/Johannesburg'],
  ['SGT', 'Asia/Singapore'],
  ['SST', 'Pacific/Pago_Pago'],
  ['WAT', 'Africa/Lagos'],
  ['WEST', 'Europe/Lisbon'],
  ['WET', 'Europe/Lisbon'],
  ['WIB', 'Asia/Jakarta'],
])

/** Old names of countries and regions, in lower case. */
const oldNames: ReadonlyMap<string, string> = new Map([
  ['cuba', 'America/Havana'],
  ['egypt', 'Africa/Cairo'],
  ['eire', 'Europe/Dublin'],
  ['gb', 'Europe/London'],
  ['gb-eire', 'Europe/London'],
  ['hongkong', 'Asia/Hong_Kong'],
  ['iceland', 'Atlantic/Reykjavik'],
  ['iran', 'Asia/Tehran'],
  ['israel', 'Asia/Jerusalem'],
  ['jamaica', 'America/Jamaica'],
  ['japan', 'Asia/Tokyo'],
  ['kwajalein', 'Pacific/Kwajalein'],
  ['libya', 'Africa/Tripoli'],
  ['navajo', 'America/Denver'],
  ['nz', 'Pacific/Auckland'],
  ['nz-chat', 'Pacific/Chatham'],
  ['poland', 'Europe/Warsaw'],
  ['portugal', 'Europe/Lisbon'],
  ['prc', 'Asia/Shanghai'],
  ['roc', 'Asia/Taipei'],
  ['rok', 'Asia/Seoul'],
  ['singapore', 'Asia/Singapore'],
  ['turkey', 'Europe/Istanbul'],
  ['w-su', 'Europe/Moscow'],
])
