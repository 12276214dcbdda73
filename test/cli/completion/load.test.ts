import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../support/torch.ts'

/** The packages that are loaded with a file, by the imports at its top. */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const text = fs.readFileSync(file, 'utf8')
  const imports = text.matchAll(/^(?:import|export) (?!type )(?:[^;'"]*? from )?'([^']+)'/gm)
  return [...imports].flatMap(([, from = '']) => {
    if (from.startsWith('node:')) return []
    if (from.startsWith('.')) return packagesOf(path.resolve(file, '..', from), seen)
    // Two small files.
    return from === 'ip/core' ? [] : [from]
  })
}

// A person who presses Tab waits for what is loaded: for the options of a command that is its file.
const folder = path.join(root, 'src/cli/commands')
const files = fs.readdirSync(folder).map((name) => path.join(folder, name))
test.each([
  ...files,
  path.join(root, 'src/cli/completion/complete.ts'),
  path.join(root, 'src/cli/main.ts'),
])('%s loads no package before it is run', (file) => {
  expect(packagesOf(file)).toEqual([])
})
