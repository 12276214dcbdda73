import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/torch.ts'

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

test('a program that imports torchd loads no package with it', () => {
  expect(packagesOf(path.join(root, 'src/library/connect.ts'))).toEqual([])
})

// A person who presses Tab waits until everything is loaded.
test.each(['main.ts', 'run-command.ts', 'commands.ts', 'help.ts', 'completion/complete.ts'])(
  'src/cli/%s loads no package before it needs one',
  (file) => {
    expect(packagesOf(path.join(root, 'src/cli', file))).toEqual([])
  },
)
