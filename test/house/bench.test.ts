import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const importOfDist = /import\s*\{([^}]*)\}\s*from\s*'([./]*)\/dist\/([^']+)\.js'/g

/** The names that bench imports from the built sources, as "name from src/path.ts". */
function importsOfBench(): { name: string; source: string }[] {
  const files = fs
    .readdirSync('bench', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
  return files.flatMap((file) => {
    const text = fs.readFileSync(path.join('bench', file), 'utf8')
    return [...text.matchAll(importOfDist)].flatMap(([, names = '', , module = '']) =>
      names
        .split(',')
        .map((name) => name.trim().replace(/ as .*/, ''))
        .filter((name) => name !== '')
        .map((name) => ({ name, source: `src/${module}.ts` })),
    )
  })
}

// The compiler does not check the benchmarks: they are JavaScript and import what is built.
test('everything that a benchmark imports from dist is exported by a source', () => {
  const imports = importsOfBench()
  expect(imports.length).toBeGreaterThan(10)
  const missing = imports.filter(({ name, source }) => {
    if (!fs.existsSync(source)) return true
    const text = fs.readFileSync(source, 'utf8')
    return !new RegExp(`^export (async )?(const|function\\*?|class) ${name}\\b`, 'm').test(text)
  })
  expect(missing).toEqual([])
})
