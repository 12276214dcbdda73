import { expect, test } from 'vitest'
import type { StreamConfig } from '@nats-io/jetstream'
import { differencesOf, expectedStream } from '../../../src/fleet/nats/compare-streams.ts'
import { fleetNames } from '../../../src/fleet/nats/subjects.ts'

const names = fleetNames('prod')
const nothing = { replicas: undefined, keepMs: undefined }
const day = 86_400_000

function stream(name: string, change: Partial<StreamConfig> = {}): StreamConfig {
  return { ...expectedStream(names, name, undefined, nothing), ...change } as StreamConfig
}

function compare(found: StreamConfig, wanted = {}): unknown {
  const expected = expectedStream(names, found.name, found, { ...nothing, ...wanted })
  return differencesOf(found, expected).map((each) => [each.key, each.found, each.expected])
}

test('a stream as init makes it has no differences, whatever its copies and how long it keeps rows', () => {
  for (const name of [names.claims, names.places, names.rows])
    expect(compare(stream(name))).toEqual([])
  expect(compare(stream(names.claims, { num_replicas: 1 }))).toEqual([])
  expect(compare(stream(names.rows, { max_age: 90 * day * 1e6 }))).toEqual([])
})

test.each([
  [names.claims, { max_age: day * 1e6 }, {}, [['max_age', '1d', '2d']]],
  [names.claims, { discard: 'old' as const }, {}, [['discard', 'old', 'new']]],
  [names.claims, { deny_delete: false }, {}, [['deny_delete', 'false', 'true']]],
  [names.places, { max_age: 1e9 }, {}, [['max_age', '1s', 'no limit']]],
  [names.places, { allow_direct: true }, {}, [['allow_direct', 'true', 'false']]],
  [names.places, { num_replicas: 1 }, { replicas: 3 }, [['num_replicas', '1', '3']]],
  [names.rows, {}, { keepMs: 60 * day }, [['max_age', '30d', '60d']]],
  [names.rows, { max_bytes: 1024 }, {}, [['max_bytes', '1.0 kB', '268 MB']]],
  [names.rows, { max_age: 0 }, {}, [['max_age', 'no limit', '30d']]],
])('%s with %j', (name, change, wanted, differences) => {
  expect(compare(stream(name, change), wanted)).toEqual(differences)
})

test('what makes a slot start twice is said', () => {
  const found = stream(names.claims, { discard_new_per_subject: false })
  const [difference] = differencesOf(found, expectedStream(names, names.claims, found, nothing))
  expect(difference?.why).toBe('a claim can be overwritten, and its slot can start twice')
})
