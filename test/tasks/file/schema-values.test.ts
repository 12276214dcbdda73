import { expect, test } from 'vitest'
import { parseUmask } from '../../../src/tasks/file/schema-values.ts'

test.each([
  ['022', 0o022],
  ['0022', 0o022],
  ['0o022', 0o022],
  [22, 0o022],
  [0, 0],
  ['777', 0o777],
])('the umask %s is read as octal digits', (written, mask) => {
  expect(parseUmask(written)).toBe(mask)
})

test.each(['', '8', '1777', '0x12', -22, 2.2, 'u=rwx', 99])('%s is not a umask', (written) => {
  expect(parseUmask(written)).toBeUndefined()
})
