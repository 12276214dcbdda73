import { expect, test } from 'vitest'
import { resolvePath } from '../../../src/tasks/file/settings.ts'

test.each([
  ['/srv', 'app', '/srv/app'],
  ['/srv', './app/', '/srv/app'],
  ['/srv', '../etc/x', '/etc/x'],
  ['/srv', '../../..', '/'],
  ['/srv', '/abs//x/.', '/abs/x'],
  ['/', 'a', '/a'],
])('resolvePath(%s, %s) gives an absolute path', (folder, path, resolved) => {
  expect(resolvePath(folder, path)).toBe(resolved)
})
