import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import { openResults } from '../../src/notify/results.ts'
import { handClock } from '../support/clock.ts'

const made: string[] = []
afterEach(() => {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true })
})

test('a target that leaves the tasks file is forgotten: one with its name is a new one', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-results-'))
  made.push(folder)
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const open = () => openResults({ clock, files: diskFiles }, folder)
  const results = open()
  for (const target of ['ops', 'oncall']) {
    results.noteSent(target)
    results.count(target, 'delivered')
    results.note(target, 'delivered', 'HTTP 200')
  }
  results.keepOnly((recipient) => recipient === 'ops')
  expect([results.sentMs('ops').length, results.sentMs('oncall').length]).toEqual([1, 0])
  expect([...results.counts().keys()]).toEqual(['ops'])
  expect(Object.keys(open().all())).toEqual(['ops'])
})
