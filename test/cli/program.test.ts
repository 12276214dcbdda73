import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { script } from '../support/torch.ts'

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-clone-'))
  fs.mkdirSync(path.join(folder, 'bin'))
  fs.copyFileSync(script, path.join(folder, 'bin/torch.js'))
  fs.writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Runs the program of a clone that is not built. */
function torch(...options: string[]) {
  const words = [...options, path.join(folder, 'bin/torch.js'), 'status']
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('a clone that is not built says so in one line', () => {
  const stderr = `torch: this clone is not built: run npm ci in ${folder}\n`
  expect(torch()).toEqual({ status: 1, stdout: '', stderr })
})

test.each(['18.20.8', '20.18.3'])('Node %s is refused in one line', (version) => {
  const fake = `Object.defineProperty(process, "version", { value: "v${version}" })`
  expect(torch('--import', `data:text/javascript,${fake}`)).toEqual({
    status: 1,
    stdout: '',
    stderr: `torch: Node ${version} is too old: torch needs Node 20.19 or newer\n`,
  })
})
