import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { currentName, isZone, zoneHint, zoneNames } from '../../src/schedule/zone-names.ts'

test.each([
  'UTC',
  'GMT',
  'Etc/UTC',
  'Etc/GMT+5',
  'Europe/Berlin',
  'US/Eastern',
  'Asia/Kolkata',
  'Asia/Calcutta',
  'America/Port-au-Prince',
  'Africa/Dar_es_Salaam',
  'Antarctica/DumontDUrville',
  'America/Indiana/Knox',
])('%s is a time zone', (name) => expect(isZone(name)).toBe(true))

test('every zone that Intl lists with a folder is a time zone', () => {
  const wrong = Intl.supportedValuesOf('timeZone').filter(
    (name) => name.includes('/') && !isZone(name),
  )
  expect(wrong).toEqual([])
  expect(zoneNames().filter((name) => !isZone(name))).toEqual([])
})

const database = '/usr/share/zoneinfo/tzdata.zi'
test.skipIf(!existsSync(database))(
  'every name with a / of the IANA database is a time zone',
  () => {
    const names = readFileSync(database, 'latin1')
      .split('\n')
      .flatMap((line) => /^(?:Z (\S+)|L \S+ (\S+))/.exec(line)?.slice(1) ?? [])
      .filter((name) => name?.includes('/'))
    expect(names.length).toBeGreaterThan(400)
    expect(names.filter((name) => !isZone(name))).toEqual([])
    const misspelt = names.flatMap((name) => [name.toLowerCase(), name.toUpperCase()])
    expect(misspelt.filter(isZone)).toEqual([])
  },
)

test.each<[string, string]>([
  // Spelling
  ['utc', 'did you mean "UTC"?'],
  ['europe/berlin', 'did you mean "Europe/Berlin"?'],
  ['US/pacific', 'did you mean "US/Pacific"?'],
  ['Australia/Nsw', 'did you mean "Australia/NSW"?'],
  ['America/New York', 'did you mean "America/New_York"?'],
  ['Europe/Berln', 'did you mean "Europe/Berlin"?'],
  ['Europe/Berlin ', 'did you mean "Europe/Berlin"?'],
  ['berlin', 'did you mean "Europe/Berlin"?'],
  [':Europe/Berlin', 'did you mean "Europe/Berlin"?'],
  ['/usr/share/zoneinfo/Europe/Berlin', 'did you mean "Europe/Berlin"?'],
  ['posix/Europe/Berlin', 'did you mean "Europe/Berlin"?'],
  // Abbreviations, and what POSIX makes of them
  ['BST', 'did you mean "Europe/London"?'],
  ['CST', 'did you mean "America/Chicago" or "Asia/Shanghai"?'],
  ['PST', 'did you mean "America/Los_Angeles"?'],
  ['AST', 'did you mean "America/Halifax" or "Asia/Riyadh"?'],
  ['IST', 'did you mean "Asia/Kolkata" or "Europe/Dublin"?'],
  ['JST', 'did you mean "Asia/Tokyo"?'],
  ['EST', 'did you mean "America/New_York"?'],
  ['cet', 'did you mean "Europe/Berlin"?'],
  ['EST5EDT', 'did you mean "America/New_York"?'],
  ['SystemV/PST8PDT', 'did you mean "America/Los_Angeles"?'],
  ['CET-1CEST,M3.5.0,M10.5.0/3', 'did you mean "Europe/Berlin"?'],
  ['<+0330>-3:30', 'write an IANA name, such as Europe/Berlin'],
  ['XYZ', 'write an IANA name, such as Europe/Berlin'],
  // Old names without a /
  ['Japan', 'did you mean "Asia/Tokyo"?'],
  ['GB', 'did you mean "Europe/London"?'],
  ['Zulu', 'did you mean "UTC"?'],
  ['GMT0', 'did you mean "UTC"?'],
  ['US/Pacific-New', 'write an IANA name, such as Europe/Berlin'],
  // Offsets
  ['+00:00', 'did you mean "UTC"?'],
  [
    '+02:00',
    '2 hours ahead of UTC is "Etc/GMT-2" (its sign is reversed); a zone with daylight saving has the name of a place, such as Europe/Berlin',
  ],
  [
    'UTC-5',
    '5 hours behind UTC is "Etc/GMT+5" (its sign is reversed); a zone with daylight saving has the name of a place, such as Europe/Berlin',
  ],
  ['+05:30', 'write the zone of a place with this offset, such as Asia/Kolkata for +05:30'],
  // Nothing to guess
  ['', 'write an IANA name, such as Europe/Berlin'],
  ['Mars', 'write an IANA name, such as Europe/Berlin'],
  ['../etc', 'write an IANA name, such as Europe/Berlin'],
])('%j is not a time zone: %s', (name, hint) => {
  expect(isZone(name)).toBe(false)
  expect(zoneHint(name)).toBe(hint)
})

test('no abbreviation that Intl takes for a zone is a time zone, and every hint names time zones', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  const words = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)))
  expect(words.filter(isZone)).toEqual(['GMT', 'UTC'])
  const hints = words
    .filter((word) => !isZone(word))
    .flatMap((word) => zoneHint(word).match(/"[^"]+"/g) ?? [])
  expect([...new Set(hints)].filter((name) => !isZone(name.slice(1, -1)))).toEqual([])
  expect(hints.length).toBeGreaterThan(30)
})

test('an old name without a / has a current name', () => {
  expect([currentName('Japan'), currentName('GMT+0'), currentName('BST')]).toEqual([
    'Asia/Tokyo',
    'UTC',
    undefined,
  ])
})
