import fs from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { defaultCacheFolder } from '../../src/scripts/cache-folder.ts'
import { newCache } from './support.ts'

afterEach(() => vi.unstubAllEnvs())

test.each([
  [0, '/data/cache', '/var/cache/torch'],
  [1000, '/data/cache', '/data/cache/torch'],
  [1000, '', '/home/ann/.cache/torch'],
  // The specification says that a relative path does not count.
  [1000, 'cache', '/home/ann/.cache/torch'],
])('the user %d with XDG_CACHE_HOME=%s keeps scripts in %s', (uid, variable, folder) => {
  vi.stubEnv('XDG_CACHE_HOME', variable)
  const host = thisMachine()
  const { accounts, processes } = host
  const self = () => ({ ...accounts.self(), home: '/home/ann' })
  expect(
    defaultCacheFolder({
      ...host,
      accounts: { ...accounts, self },
      processes: { ...processes, uid },
    }),
  ).toBe(folder)
})

test.skipIf(process.getuid?.() !== 0)('a cache folder of another user is refused', () => {
  const { open, folder } = newCache()
  const { cache } = open()
  fs.writeFileSync(cache.temporaryFile(), '')
  expect(cache.refusal()).toBeUndefined()
  fs.chownSync(folder, 65534, 65534)
  expect(cache.refusal()).toBe(
    `the cache folder ${folder} belongs to uid 65534, not to the user of torch (uid 0)`,
  )
  expect(() => cache.temporaryFile()).toThrow('belongs to uid 65534')
})
