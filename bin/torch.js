#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Old versions of Node must be able to read this file: it imports the program only after the check.
const [major, minor] = process.version.slice(1).split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `torch: Node ${process.version.slice(1)} is too old: torch needs Node 20.19 or newer`,
  )
  process.exit(1)
}
if (!existsSync(new URL('../dist/program/main.js', import.meta.url))) {
  const folder = fileURLToPath(new URL('..', import.meta.url)).slice(0, -1)
  console.error(`torch: this clone is not built: run npm ci in ${folder}`)
  process.exit(1)
}
// A signal to a daemon that is still being loaded must not end it.
const isDaemon =
  ['start', 'daemon'].includes(process.argv[2]) || process.argv.includes('--foreground')
const early = isDaemon
  ? import('../dist/program/signals.js').then(({ holdSignals }) => holdSignals())
  : Promise.resolve()
early.then(() => import('../dist/program/main.js')).then(({ main }) => main())
