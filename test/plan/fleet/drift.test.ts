import { expect, test } from 'vitest'
import { driftOf, type TaskVersion } from '../../../src/plan/fleet/drift.ts'

/** `a:1@5` is host a with definition 1 of commit time 5; no definition: the task is not in its file. */
function version(text: string): TaskVersion {
  const [, host = '', definition = '', time] = /^(\w+):(\w*)(?:@(\d+))?$/.exec(text) ?? []
  return {
    host,
    definition: definition === '' ? undefined : definition,
    committedMs: time === undefined ? undefined : Number(time),
  }
}

test.each([
  { what: 'alone', host: 'a', versions: 'a:1', drift: 'none' },
  { what: 'all the same', host: 'a', versions: 'a:1 b:1 c:1', drift: 'none' },
  { what: 'in the majority', host: 'a', versions: 'a:1 b:1 c:2', drift: 'none' },
  { what: 'in the minority', host: 'c', versions: 'a:1 b:1 c:2', drift: 'differs' },
  {
    what: 'in the minority, although newer',
    host: 'c',
    versions: 'a:1@1 b:1@1 c:2@9',
    drift: 'differs',
  },
  { what: 'most no longer have it', host: 'c', versions: 'a: b: c:2', drift: 'removed' },
  { what: 'only one still has it', host: 'a', versions: 'a: b: c:2', drift: 'none' },
  { what: 'two apart, and older', host: 'a', versions: 'a:1@1 b:2@2', drift: 'differs' },
  { what: 'two apart, and newer', host: 'b', versions: 'a:1@1 b:2@2', drift: 'none' },
  { what: 'two apart, and nobody knows', host: 'a', versions: 'a:1 b:2@2', drift: 'none' },
  { what: 'two apart, of the same time', host: 'a', versions: 'a:1@2 b:2@2', drift: 'none' },
  {
    what: 'the newest of a group counts',
    host: 'a',
    versions: 'a:1@1 b:1@9 c:2@5 d:2@5',
    drift: 'none',
  },
  { what: 'three apart, the newest', host: 'c', versions: 'a:1@1 b:2@2 c:3@3', drift: 'none' },
  {
    what: 'three apart, not the newest',
    host: 'b',
    versions: 'a:1@1 b:2@2 c:3@3',
    drift: 'differs',
  },
  { what: 'not among them', host: 'z', versions: 'a:1 b:1', drift: 'none' },
])('$what', ({ host, versions, drift }) => {
  expect(driftOf(host, versions.split(' ').map(version)).kind).toBe(drift)
})
