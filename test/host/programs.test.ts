import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runProgram, runProgramSync } from '../../src/host/programs.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-programs-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

test('a program that is missing, fails or hangs is not ok, and runProgram does not throw', async () => {
  const run = (program: string, ...args: string[]) => runProgram(program, args, { timeoutMs: 200 })
  expect(await run('/no/such/program')).toMatchObject({ ok: false, missing: true })
  expect(await run('/bin/false')).toMatchObject({ ok: false, missing: false })
  expect(await run('/bin/sleep', '60')).toMatchObject({ ok: false })
  expect(await run('/bin/echo', 'hi')).toEqual({
    ok: true,
    missing: false,
    stdout: 'hi\n',
    stderr: '',
  })
  expect(runProgramSync('/no/such/program', [], [])).toMatchObject({
    missing: true,
  })
})

test('runProgram does not wait for a child that keeps the output of a killed program open', async () => {
  const words = ['-c', `sleep 60 & echo "$!" >"${at('pid')}"; echo hi; wait`]
  const result = await runProgram('/bin/sh', words, { timeoutMs: 300 })
  process.kill(Number(fs.readFileSync(at('pid'), 'utf8')), 'SIGKILL')
  expect(result).toEqual({ ok: false, missing: false, stdout: 'hi\n', stderr: '' })
})
