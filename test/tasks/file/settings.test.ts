import { expect, test } from 'vitest'
import { resolvePath } from '../../../src/tasks/file/settings.ts'

test.each([
  ['/srv', 'app', '/srv/app'],
  ['/srv', './app/', '/srv/app'],
  ['/srv', '../etc/x', '/etc/x'],
  ['/srv', '../../..', '/'],
  ['/srv', '/abs//x/.', '/abs/x'],
  ['/', 'a', '/a'],
])('%s and %s', (folder, path, resolved) => {
  expect(resolvePath(folder, path)).toBe(resolved)
})
