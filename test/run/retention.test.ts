import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { isRunId, newRunId } from '../../src/run/directory.ts'
import { cutMiddle } from '../../src/run/output.ts'
import { removeOldRuns } from '../../src/run/retention.ts'

const host = thisMachine()
const day = 86_400_000
let home = ''
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-keep-'))
})
afterEach(() => fs.rmSync(home, { recursive: true }))

describe('finished runs', () => {
  const folder = () => path.join(home, 'runs', 'job')
  const make = (agesMs: number[]): string[] =>
    agesMs.map((age) => {
      const id = newRunId(Date.now() - age)
      fs.mkdirSync(path.join(folder(), id), { recursive: true })
      return id
    })
  const remove = (keep: { keepRuns: number; keepForMs: number }, unfinished: string[] = []) =>
    removeOldRuns(host, home, 'job', keep, (id) => unfinished.includes(id))

  test('are kept by number, the newest', () => {
    const ids = make([5000, 4000, 3000, 2000, 1000])
    remove({ keepRuns: 2, keepForMs: day })
    expect(fs.readdirSync(folder())).toEqual(ids.slice(-2))
  })

  test('and by age', () => {
    const ids = make([3 * day, 2 * day, 1000])
    remove({ keepRuns: 20, keepForMs: day })
    expect(fs.readdirSync(folder())).toEqual(ids.slice(-1))
  })

  test('an unfinished one is neither counted nor touched', () => {
    const ids = make([3 * day, 2000, 1000])
    remove({ keepRuns: 2, keepForMs: day }, ids.slice(0, 1))
    expect(fs.readdirSync(folder())).toEqual(ids)
  })

  test('nothing that is not a run is touched, and no folder is no trouble', () => {
    make([3 * day])
    fs.writeFileSync(path.join(folder(), 'notes.txt'), 'mine')
    remove({ keepRuns: 0, keepForMs: day })
    expect(fs.readdirSync(folder())).toEqual(['notes.txt'])
    fs.rmSync(folder(), { recursive: true })
    remove({ keepRuns: 0, keepForMs: day })
    expect(fs.existsSync(folder())).toBe(false)
  })
})

describe('output over its size', () => {
  const output = () => path.join(home, 'output')

  test('loses its middle, with a word in its place, and never its end', async () => {
    fs.writeFileSync(output(), `HEAD${'x'.repeat(10_000)}TAIL`)
    await cutMiddle(host, home, 100)
    const text = fs.readFileSync(output(), 'utf8')
    expect(text.startsWith('HEADx')).toBe(true)
    expect(text.endsWith('xTAIL')).toBe(true)
    expect(text).toContain('\n[torch: 9908 bytes left out here]\n')
    expect(text.replace(/\n\[.*\]\n/, '')).toHaveLength(100)
  })

  test('is left alone up to it', async () => {
    fs.writeFileSync(output(), 'x'.repeat(100))
    await cutMiddle(host, home, 100)
    expect(fs.readFileSync(output(), 'utf8')).toBe('x'.repeat(100))
  })

  test('a size of 0 leaves the word only', async () => {
    fs.writeFileSync(output(), 'xyz')
    await cutMiddle(host, home, 0)
    expect(fs.readFileSync(output(), 'utf8')).toBe('\n[torch: 3 bytes left out here]\n')
  })
})

test('run ids sort by time and are told from tasks', () => {
  const early = newRunId(Date.parse('2026-11-21T07:17:00.123Z'))
  const late = newRunId(Date.parse('2026-11-21T07:17:00.124Z'))
  expect(early.slice(0, 19)).toBe('20261121T071700.123')
  expect(early < late).toBe(true)
  expect(isRunId(early)).toBe(true)
  expect(isRunId('nightly-dump')).toBe(false)
})
