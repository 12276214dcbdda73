import { expect, test } from 'vitest'
import { parseUmask } from '../../../src/tasks/file/schema-values.ts'

test.each([
  ['022', 0o022],
  ['0022', 0o022],
  ['0o022', 0o022],
  [22, 0o022],
  [0, 0],
  ['777', 0o777],
])('%s', (written, mask) => {
  expect(parseUmask(written)).toBe(mask)
})

test.each(['', '8', '1777', '0x12', -22, 2.2, 'u=rwx', 99])('%s is none', (written) => {
  expect(parseUmask(written)).toBeUndefined()
})
