import fs from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

/** Over an ssh tunnel from a train, the page should be there at once. */
const maxBytes = 60 * 1024

test('the whole page is at most 60 kB, compressed', () => {
  const folder = path.join(root, 'dist/web')
  const files = fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => fs.statSync(file).isFile())
  expect(files.length).toBeGreaterThan(1)
  const bytes = files.map((file) => gzipSync(fs.readFileSync(file), { level: 9 }).length)
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(maxBytes)
})
