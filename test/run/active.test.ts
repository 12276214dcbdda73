import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { listActive, makeActive } from '../../src/run/active.ts'

const [one, two, three] = [
  '20260308T070000.000-aaaaaa',
  '20260308T070001.000-bbbbbb',
  '20260308T070002.000-cccccc',
]

/** A home whose runs have these files, without `active`. */
function homeOf(runs: Record<string, string[]>) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-active-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true }))
  for (const [run, files] of Object.entries(runs)) {
    const directory = path.join(home, 'runs/job', run)
    fs.mkdirSync(directory, { recursive: true })
    for (const file of files) fs.writeFileSync(path.join(directory, file), '')
  }
  const active = path.join(home, 'active')
  return { home, entries: () => (fs.existsSync(active) ? fs.readdirSync(active) : undefined) }
}

const runs = { [one]: ['run.json', 'outcome.json'], [two]: ['run.json'], [three]: [] }

test('if active was removed, makeActive lists the runs that have no outcome', () => {
  const { home, entries } = homeOf(runs)
  makeActive(thisMachine(), home)
  expect(entries()).toEqual([two])
  expect(fs.readFileSync(path.join(home, 'active', two), 'utf8')).toBe('job\n')
})

test('makeActive leaves an existing active as it is', () => {
  const { home, entries } = homeOf(runs)
  fs.mkdirSync(path.join(home, 'active'))
  makeActive(thisMachine(), home)
  expect(entries()).toEqual([])
})

test('listActive makes a missing active again, with all runs that belong there', () => {
  const { home, entries } = homeOf(runs)
  listActive(thisMachine(), home, 'other', three)
  expect(entries()).toEqual([two, three])
})

test('listActive makes nothing if the runs are gone too', () => {
  const { home, entries } = homeOf({})
  expect(() => listActive(thisMachine(), home, 'job', one)).toThrow('ENOENT')
  expect(entries()).toBeUndefined()
})
