import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { newRunId } from '../../src/run/directory.ts'
import { removeOldRuns } from '../../src/run/retention.ts'

const host = thisMachine()
const day = 86_400_000
let home = ''
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-retention-'))
})
afterEach(() => fs.rmSync(home, { recursive: true }))

const folder = () => path.join(home, 'runs', 'job')
const make = (agesMs: number[]): string[] =>
  agesMs.map((age) => {
    const id = newRunId(Date.now() - age)
    fs.mkdirSync(path.join(folder(), id), { recursive: true })
    return id
  })
const remove = (retention: { keepRuns: number; keepForMs: number }, unfinished: string[] = []) =>
  removeOldRuns(host, home, 'job', retention, (id) => unfinished.includes(id))

test('the newest keep_runs finished runs are kept', () => {
  const ids = make([5000, 4000, 3000, 2000, 1000])
  remove({ keepRuns: 2, keepForMs: day })
  expect(fs.readdirSync(folder())).toEqual(ids.slice(-2))
})

test('finished runs older than keep_for are removed', () => {
  const ids = make([3 * day, 2 * day, 1000])
  remove({ keepRuns: 20, keepForMs: day })
  expect(fs.readdirSync(folder())).toEqual(ids.slice(-1))
})

test('an unfinished run is neither counted nor removed', () => {
  const ids = make([3 * day, 2000, 1000])
  remove({ keepRuns: 2, keepForMs: day }, ids.slice(0, 1))
  expect(fs.readdirSync(folder())).toEqual(ids)
})

test('what is not a run is not removed, and a missing folder is no error', () => {
  make([3 * day])
  fs.writeFileSync(path.join(folder(), 'notes.txt'), 'mine')
  remove({ keepRuns: 0, keepForMs: day })
  expect(fs.readdirSync(folder())).toEqual(['notes.txt'])
  fs.rmSync(folder(), { recursive: true })
  remove({ keepRuns: 0, keepForMs: day })
  expect(fs.existsSync(folder())).toBe(false)
})
