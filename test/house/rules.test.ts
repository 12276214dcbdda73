import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const restricted = 'no-restricted-imports'

/** Each file breaks one rule. */
const cases = [
  {
    what: 'a promise that nobody waits for',
    file: 'src/daemon/case-1.ts',
    text: `async function f(): Promise<void> {}\nexport function g(): void {\n  f()\n}\n`,
    rule: 'no-floating-promises',
  },
  {
    what: 'the type any',
    file: 'src/daemon/case-2.ts',
    text: `export function f(value: any): void {\n  void value\n}\n`,
    rule: 'no-explicit-any',
  },
  {
    what: 'a pure room that reads a file',
    file: 'src/schedule/case-3.ts',
    text: `export { readFileSync } from 'node:fs'\n`,
    rule: restricted,
  },
  {
    what: 'a pure room that reads the clock',
    file: 'src/tasks/case-4.ts',
    text: `export const now = (): number => Date.now()\n`,
    rule: 'no-restricted-properties',
  },
  {
    what: 'the current time without Date.now in a pure room',
    file: 'src/forecast/case-5.ts',
    text: `export { performance } from 'node:perf_hooks'\n`,
    rule: restricted,
  },
  {
    what: 'a timer outside host/clock',
    file: 'src/daemon/case-6.ts',
    text: `export const later = (f: () => void): unknown => setTimeout(f, 1)\n`,
    rule: 'no-restricted-globals',
  },
  {
    what: 'a child process outside host',
    file: 'src/run/case-7.ts',
    text: `export { spawn } from 'node:child_process'\n`,
    rule: restricted,
  },
  {
    what: 'a signal handler outside daemon/signals',
    file: 'src/control/case-8.ts',
    text: `export const handle = (f: () => void): unknown => process.on('SIGHUP', f)\n`,
    rule: 'no-restricted-properties',
  },
  {
    what: 'process.exit outside cli/main',
    file: 'src/daemon/case-9.ts',
    text: `export const end = (): void => process.exit(1)\n`,
    rule: 'no-restricted-properties',
  },
  {
    what: 'a library outside its own room',
    file: 'src/daemon/case-10.ts',
    text: `export { pino } from 'pino'\n`,
    rule: restricted,
  },
]

const plainFile = 'src/daemon/plain.ts'
const cycles = {
  values: {
    'src/run/a-value.ts': `import { b } from './b-value.ts'\nexport const a = (): unknown => b\n`,
    'src/run/b-value.ts': `import { a } from './a-value.ts'\nexport const b = (): unknown => a\n`,
  },
  types: {
    'src/run/a-type.ts': `import type { B } from './b-type.ts'\nexport interface A {\n  b?: B\n}\n`,
    'src/run/b-type.ts': `import type { A } from './a-type.ts'\nexport interface B {\n  a?: A\n}\n`,
  },
}

/** From the ground up. A room may import the rooms of lower rows, but not the other rooms of its row. */
const rows = [
  ['text'],
  ['schedule', 'host'],
  ['tasks'],
  ['plan', 'forecast', 'import'],
  ['run'],
  ['record', 'control', 'scripts', 'notify', 'fleet'],
  ['follow', 'metrics'],
  ['daemon'],
  ['doctor', 'view'],
  ['http'],
  ['cli', 'library', 'web'],
]
const rooms = rows.flat()
/** Rooms that fewer rooms need than the rows would allow. */
const usedOnlyBy = new Map([
  ['forecast', ['daemon', 'doctor', 'view', 'http', 'cli']],
  ['import', ['cli']],
])
/** What the page may import: its code runs in a browser. */
const usableInBrowser = ['text', 'schedule', 'http']
const pureRooms = ['text', 'schedule', 'tasks', 'plan', 'forecast', 'import']

function rowOf(room: string): number {
  return rows.findIndex((row) => row.includes(room))
}

function mayImport(from: string, to: string): boolean {
  if (to === 'host' && pureRooms.includes(from)) return false
  if (from === 'web' && !usableInBrowser.includes(to)) return false
  return rowOf(to) < rowOf(from) && (usedOnlyBy.get(to)?.includes(from) ?? true)
}

const kinds = ['values', 'types'] as const
type Kind = (typeof kinds)[number]

/** Every room with every other room, and the file in which the one imports from the other. */
const pairs = rooms.flatMap((from) =>
  rooms
    .filter((to) => to !== from)
    .flatMap((to) =>
      kinds.map((kind) => ({ from, to, kind, file: `src/${from}/${kind}-of-${to}.ts` })),
    ),
)

function importText({ to, kind }: { to: string; kind: Kind }): string {
  return kind === 'values'
    ? `export { one as ${to} } from '../${to}/a.ts'\n`
    : `export type { One as ${to} } from '../${to}/a.ts'\n`
}

const broken = new Map<string, string[]>()
let house = ''

// One run for all files: most of the time of a run is its start.
beforeAll(() => {
  house = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-house-'))
  fs.copyFileSync('.oxlintrc.json', path.join(house, '.oxlintrc.json'))
  fs.copyFileSync('tsconfig.json', path.join(house, 'tsconfig.json'))
  fs.symlinkSync(path.resolve('node_modules'), path.join(house, 'node_modules'))
  write(plainFile, `export const one = 1\n`)
  for (const room of rooms) write(`src/${room}/a.ts`, `export const one = 1\nexport type One = 1\n`)
  for (const { file, text } of cases) write(file, text)
  for (const files of Object.values(cycles))
    for (const [file, text] of Object.entries(files)) write(file, text)
  for (const pair of pairs) write(pair.file, importText(pair))
  const oxlint = path.resolve('node_modules/.bin/oxlint')
  const result = spawnSync(oxlint, ['--type-aware', '--deny-warnings', '--format=json', 'src'], {
    cwd: house,
    maxBuffer: 16 * 1024 * 1024,
  })
  expect(result.status).toBe(1)
  const report = JSON.parse(result.stdout.toString()) as {
    diagnostics: { code: string; filename: string }[]
  }
  for (const { code, filename } of report.diagnostics) {
    const rule = code.replace(/^.*\((.*)\)$/, '$1')
    broken.set(filename, [...(broken.get(filename) ?? []), rule])
  }
})
afterAll(() => fs.rmSync(house, { recursive: true, force: true }))

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(house, file)), { recursive: true })
  fs.writeFileSync(path.join(house, file), text)
}

test.each(cases)('the lint rules refuse $what', ({ file, rule }) => {
  expect(broken.get(file)).toEqual([rule])
})

test('the lint rules accept a plain file', () => {
  expect(broken.get(plainFile)).toBeUndefined()
})

test.each(kinds)('the lint rules refuse two files that import %s from each other', (kind) => {
  for (const file of Object.keys(cycles[kind])) expect(broken.get(file)).toEqual(['no-cycle'])
})

test.each(kinds)('every room may import %s only from the rooms below it', (kind) => {
  const ofKind = pairs.filter((pair) => pair.kind === kind)
  const refused = ofKind.filter(({ file }) => broken.get(file)?.includes(restricted))
  const forbidden = ofKind.filter(({ from, to }) => !mayImport(from, to))
  expect(refused.map(({ file }) => file)).toEqual(forbidden.map(({ file }) => file))
})

test('every folder of src is in the table of rooms', () => {
  const folders = fs
    .readdirSync('src', { withFileTypes: true })
    .filter((each) => each.isDirectory())
  expect(rooms).toEqual(expect.arrayContaining(folders.map(({ name }) => name)))
})
