import { expect, test } from 'vitest'
import { parseSize } from '../../src/text/size.ts'

test.each([
  ['0B', 0],
  ['512B', 512],
  ['1kB', 1000],
  ['1KB', 1000],
  ['1KiB', 1024],
  ['512MB', 512_000_000],
  ['10 MB', 10_000_000],
  ['1.5GiB', 1_610_612_736],
  ['2tb', 2_000_000_000_000],
  ['1TiB', 2 ** 40],
])('parseSize reads %s as %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each([
  '',
  '10',
  'MB',
  '-1MB',
  '1.MB',
  '1e3B',
  '10 apples',
  '10M',
  '1iB',
  '9007199254740993B',
  '99999TiB',
])('parseSize refuses %j', (text) => {
  expect(parseSize(text)).toBeUndefined()
})
