import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A copy of the house with nothing in it but its rules. */
let house = ''
beforeEach(() => {
  house = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-house-'))
  fs.copyFileSync('.oxlintrc.json', path.join(house, '.oxlintrc.json'))
  fs.copyFileSync('tsconfig.json', path.join(house, 'tsconfig.json'))
  fs.symlinkSync(path.resolve('node_modules'), path.join(house, 'node_modules'))
})
afterEach(() => fs.rmSync(house, { recursive: true }))

/** The names of the rules that a file of that room breaks. */
function broken(file: string, text: string): string[] {
  fs.mkdirSync(path.dirname(path.join(house, file)), { recursive: true })
  fs.writeFileSync(path.join(house, file), text)
  const oxlint = path.resolve('node_modules/.bin/oxlint')
  const result = spawnSync(oxlint, ['--type-aware', '--deny-warnings', '--format=json', 'src'], {
    cwd: house,
  })
  const said = JSON.parse(result.stdout.toString()) as { diagnostics: { code: string }[] }
  expect(result.status === 0).toBe(said.diagnostics.length === 0)
  return said.diagnostics.map((each) => each.code.replace(/^.*\((.*)\)$/, '$1'))
}

describe('the check fails for', () => {
  test.each([
    {
      name: 'a promise that nobody waits for',
      file: 'src/daemon/a.ts',
      text: `async function f(): Promise<void> {}\nexport function g(): void {\n  f()\n}\n`,
      rule: 'no-floating-promises',
    },
    {
      name: 'a room that imports one above it',
      file: 'src/plan/a.ts',
      text: `export { runLifecycle } from '../daemon/lifecycle.ts'\n`,
      rule: 'no-restricted-imports',
    },
    {
      name: 'a neighbour of the same line',
      file: 'src/record/a.ts',
      text: `export { askDaemon } from '../control/client.ts'\n`,
      rule: 'no-restricted-imports',
    },
    {
      name: 'a pure room that knows the machine',
      file: 'src/schedule/a.ts',
      text: `export { readFileSync } from 'node:fs'\n`,
      rule: 'no-restricted-imports',
    },
    {
      name: 'a pure room that reads the clock',
      file: 'src/tasks/a.ts',
      text: `export const now = (): number => Date.now()\n`,
      rule: 'no-restricted-properties',
    },
    {
      name: 'a timer outside of the clock',
      file: 'src/daemon/a.ts',
      text: `export const later = (f: () => void): unknown => setTimeout(f, 1)\n`,
      rule: 'no-restricted-globals',
    },
    {
      name: 'processes outside of the host',
      file: 'src/run/a.ts',
      text: `export { spawn } from 'node:child_process'\n`,
      rule: 'no-restricted-imports',
    },
    {
      name: 'an end of the process outside of cli/main',
      file: 'src/daemon/a.ts',
      text: `export const end = (): void => process.exit(1)\n`,
      rule: 'no-restricted-properties',
    },
    {
      name: 'a library in a room that is not its own',
      file: 'src/daemon/a.ts',
      text: `export { pino } from 'pino'\n`,
      rule: 'no-restricted-imports',
    },
  ])('$name', ({ file, text, rule }) => {
    expect(broken(file, text)).toEqual([rule])
  })

  test('and not for what is as it should be', () => {
    expect(broken('src/daemon/a.ts', `export const one = 1\n`)).toEqual([])
  })
})
