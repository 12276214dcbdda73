import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')

/** Before all tests: builds the binary that they run, if the sources have changed. */
export function setup(): void {
  const built = changedAt(path.join(root, 'dist'))
  const texts = ['README.md', 'docs', 'scripts', 'tasks.example.yaml']
  const inputs = [
    'src',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'vite.config.ts',
    'vite.program.config.ts',
    ...texts,
  ]
  if (inputs.every((input) => changedAt(path.join(root, input)) < built)) return
  const tsc = path.join(root, 'node_modules/.bin/tsc')
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--noEmitOnError'], {
    cwd: root,
    stdio: 'inherit',
  })
  for (const script of ['scripts/declarations.js', 'scripts/man.js'])
    execFileSync(process.execPath, [script], { cwd: root, stdio: 'inherit' })
  const vite = path.join(root, 'node_modules/.bin/vite')
  for (const config of ['vite.config.ts', 'vite.program.config.ts'])
    execFileSync(vite, ['build', '--logLevel', 'warn', '--config', config], {
      cwd: root,
      stdio: 'inherit',
    })
}

/** The time at which the newest file in a folder was written; 0 if there is none. */
function changedAt(place: string): number {
  const found = fs.statSync(place, { throwIfNoEntry: false })
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.mtimeMs
  return Math.max(0, ...fs.readdirSync(place).map((name) => changedAt(path.join(place, name))))
}
