import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

test('docs/reference/cli.md and keys.md are up to date; npm run reference rewrites them', () => {
  const script = path.join(root, 'scripts/reference.js')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'])
  expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' })
})
