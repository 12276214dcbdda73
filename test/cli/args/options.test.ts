import { describe, expect, test } from 'vitest'
import { flagName, type OptionName, type OptionSource } from '../../../src/cli/args/options.ts'
import { resolveOptions } from '../../../src/cli/args/precedence.ts'

const base = { folder: '/work', userHome: '/home/ann' }

function flags(raw: Record<string, unknown>): OptionSource {
  return { kind: 'flag', base, raw, nameOf: flagName }
}

function read(name: OptionName, ...written: unknown[]): unknown {
  const raw = { [name]: written.length === 1 ? written[0] : written }
  return resolveOptions([name], [flags(raw)], 'torch X --help').values[name]
}

describe('the value of an option', () => {
  test.each<[OptionName, unknown, unknown]>([
    ['home', 'h', { shown: 'h', absolute: '/work/h' }],
    ['home', '/h/../i', { shown: '/h/../i', absolute: '/i' }],
    ['home', '~/h', { shown: '~/h', absolute: '/home/ann/h' }],
    ['grace', '1m30s', 90_000],
    ['grace', '0s', 0],
    ['lines', '0', 0],
    ['count', '10', 10],
    ['json', true, true],
    ['json', 'off', false],
    ['leave', 'YES', true],
    ['from', '2026-03-08T07:00:00Z', Date.UTC(2026, 2, 8, 7)],
    ['from', '2026-03-08T07:00:00.5+01:00', Date.UTC(2026, 2, 8, 6, 0, 0, 500)],
    ['outcome', 'spawn-failed', ['spawn-failed']],
    ['outcome', 'failed, timeout,ok', ['failed', 'timeout', 'ok']],
    ['address', '::1', ['::1']],
    ['label', 'team=data', [['team', 'data']]],
    ['label', 'note=a, b=c', [['note', 'a, b=c']]],
    ['label', 'empty=', [['empty', '']]],
  ])('--%s takes %s', (name, written, value) => {
    const found = read(name, written)
    // How a path is shown depends on the folder that torch was called in.
    if (name === 'home')
      expect(found).toMatchObject({ absolute: (value as { absolute: string }).absolute })
    else expect(found).toEqual(value)
  })

  test('a time without an offset is in the zone of the machine, and a day begins at midnight', () => {
    expect(read('from', '2026-03-08T07:00')).toBe(new Date(2026, 2, 8, 7).getTime())
    expect(read('from', '2026-03-08')).toBe(new Date(2026, 2, 8).getTime())
  })

  test('--since takes a time, or how long ago', () => {
    const since = (text: string) => (read('since', text) as (now: number) => number)(1_000_000)
    expect(since('10s')).toBe(990_000)
    expect(since('1970-01-01T00:00:05Z')).toBe(5000)
  })

  test('--address takes several addresses, also separated by commas', () => {
    expect(read('address', '10.0.0.1', '::1,::2')).toEqual(['10.0.0.1', '::1', '::2'])
  })
})

const anInstant = 'expected a time such as 2026-03-08T07:00:00Z'
const aDuration = 'expected a duration with a unit, such as 30s, 5m or 1h30m'

describe('a wrong value', () => {
  test.each<[OptionName, unknown[], string, string]>([
    ['lines', ['abc'], '-n/--lines: expected a whole number from 0 to 1000000000; got "abc"', ''],
    ['count', ['0'], '-n/--count: expected a whole number from 1 to 10000; got "0"', ''],
    ['count', ['-5'], '-n/--count: expected a whole number from 1 to 10000; got "-5"', ''],
    ['count', ['1e3'], '-n/--count: expected a whole number from 1 to 10000; got "1e3"', ''],
    ['count', ['2', '3'], '-n/--count: given 2 times', 'give it once'],
    ['home', [''], '--home: needs a value', ''],
    ['address', [''], '--address: needs a value', ''],
    ['label', ['team'], '--label: expected a label such as team=data; got "team"', ''],
    ['label', ['=data'], '--label: expected a label such as team=data; got "=data"', ''],
    ['grace', ['5'], `--grace: ${aDuration}; got "5"`, 'try 5s'],
    ['grace', ['soon'], `--grace: ${aDuration}; got "soon"`, ''],
    ['from', ['noon'], `--from: ${anInstant}; got "noon"`, ''],
    ['from', ['2026-13-01'], `--from: ${anInstant}; got "2026-13-01"`, ''],
    [
      'since',
      ['last week'],
      '--since: expected a duration such as 2h, or a time such as 2026-03-08T07:00:00Z; got "last week"',
      '',
    ],
    ['json', ['maybe'], '--json: expected true or false; got "maybe"', ''],
    [
      'outcome',
      ['fialed'],
      '--outcome: expected one of running, ok, failed, timeout, killed, spawn-failed, unknown, skipped, missed; got "fialed"',
      'did you mean "failed"?',
    ],
    ...[
      ['fail', 'failed'],
      ['success', 'ok'],
      ['error', 'failed'],
      ['skip', 'skipped'],
      ['miss', 'missed'],
    ].map(([written, meant]): [OptionName, unknown[], string, string] => [
      'outcome',
      [written],
      `--outcome: expected one of running, ok, failed, timeout, killed, spawn-failed, unknown, skipped, missed; got "${written}"`,
      `did you mean "${meant}"?`,
    ]),
    ['home', [{ a: 1 }], '--home: expected text, a number, true or false', ''],
  ])('--%s refuses %j', (name, written, message, hint) => {
    expect(() => read(name, ...written)).toThrow(
      expect.objectContaining({ message, hint: hint || 'torch X --help', exit: 2 }),
    )
  })
})
