// Keeps the declarations (*.d.ts) that a program needs to import torch, and removes those of everything
// else, which tsc writes too. In what is kept, imports name the files as they are in the package.
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const dist = path.join(import.meta.dirname, '../dist')
const entry = path.join(dist, 'library/connect.d.ts')

const importedFile = /(?<= from ')(\.[^']*)\.ts(?=';)/g

/** The declarations that a file needs: itself, and what it imports. */
export function neededBy(file, needed = new Set()) {
  if (needed.has(file)) return needed
  needed.add(file)
  for (const [, name] of fs.readFileSync(file, 'utf8').matchAll(importedFile))
    neededBy(path.resolve(path.dirname(file), `${name}.d.ts`), needed)
  return needed
}

if (process.argv[1] === import.meta.filename) {
  const needed = neededBy(entry)
  for (const name of fs.readdirSync(dist, { recursive: true })) {
    const file = path.join(dist, name)
    if (!name.endsWith('.d.ts')) continue
    if (!needed.has(file)) fs.rmSync(file)
    else fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll(importedFile, '$1.js'))
  }
}
