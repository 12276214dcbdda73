import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  judgeScriptCache,
  probeScriptCache,
  type ScriptCacheFacts,
} from '../../src/doctor/script-cache.ts'
import { thisMachine } from '../../src/host/host.ts'

const facts: ScriptCacheFacts = {
  ...{ folder: '/var/cache/torch', refusal: undefined, isThere: true, mayWrite: true, tasks: [] },
}

test.each<[Partial<ScriptCacheFacts>, string, RegExp]>([
  [{}, 'ok', /^\/var\/cache\/torch keeps the scripts/],
  [{ isThere: false }, 'ok', /does not exist yet/],
  [{ mayWrite: false }, 'note', /^this user cannot write \/var\/cache\/torch; no task here has/],
  [{ mayWrite: false, isThere: false, tasks: ['a'] }, 'warning', /cannot write above .*: a$/],
  [{ refusal: 'it is not safe', tasks: ['a', 'b'] }, 'warning', /^it is not safe; .*: a, b$/],
])('the cache folder with %o is %s', (changes, status, found) => {
  expect(judgeScriptCache({ ...facts, ...changes })).toEqual([
    expect.objectContaining({ name: 'cache', status, found: expect.stringMatching(found) }),
  ])
})

test('the probe sees a folder that others may write, and one that is not there', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-cache-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  fs.chmodSync(folder, 0o777)
  expect(probeScriptCache(thisMachine(), folder, undefined)).toMatchObject({
    ...{ isThere: true, mayWrite: true, tasks: [] },
    refusal: expect.stringContaining(`${folder} is writable by other users`),
  })
  const absent = path.join(folder, 'a/b')
  expect(probeScriptCache(thisMachine(), absent, undefined)).toMatchObject({
    ...{ isThere: false, mayWrite: true, refusal: undefined },
  })
})
