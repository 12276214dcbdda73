// Writes npm-shrinkwrap.json for the package that is published: package-lock.json without what is only
// needed for development. npm takes no other lock file from a package. With --remove it removes the file:
// in a checkout npm would prefer it to package-lock.json.
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const root = path.join(import.meta.dirname, '..')
const target = path.join(root, 'npm-shrinkwrap.json')

/** The lock of a package as its users get it. */
export function shrinkwrapOf(lock) {
  const { '': own, ...others } = lock.packages
  const { devDependencies: _, ...published } = own
  const needed = Object.entries(others).filter(([, entry]) => entry.dev !== true)
  return { ...lock, packages: { '': published, ...Object.fromEntries(needed) } }
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--remove')) fs.rmSync(target, { force: true })
  else {
    const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
    fs.writeFileSync(target, `${JSON.stringify(shrinkwrapOf(lock), null, 2)}\n`)
  }
}
