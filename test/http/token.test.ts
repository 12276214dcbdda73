import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tlsFault } from '../../src/http/serve.ts'
import { readToken } from '../../src/http/token.ts'
import { thisMachine } from '../../src/host/host.ts'

const host = thisMachine()

function newFile(text?: string, mode = 0o600): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-token-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'home', 'web-token')
  if (text === undefined) return file
  fs.mkdirSync(path.dirname(file))
  fs.writeFileSync(file, text, { mode })
  fs.chmodSync(file, mode)
  return file
}

test('a missing token file is made with 256 bits, for its owner alone, and keeps its token', () => {
  const file = newFile()
  const token = readToken(host, file)
  expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
  expect(readToken(host, file)).toBe(token)
})

test.each([
  ['a'.repeat(40), 0o644, 'other users may open'],
  ['a'.repeat(40), 0o620, 'other users may open'],
  ['short', 0o600, 'at least 32'],
  ['', 0o600, 'at least 32'],
  [`${'a'.repeat(40)}; Path=/`, 0o600, 'at least 32'],
])('the token file %j with mode %o is refused', (text, mode, message) => {
  expect(() => readToken(host, newFile(text, mode))).toThrow(message)
})

test('a token file that cannot be read says so', () => {
  expect(() => readToken(host, '/proc/self/mem/token')).toThrow('cannot use the token file')
})

test('a certificate and a key that do not belong together have a fault', () => {
  expect(tlsFault({ cert: Buffer.from('tasks: {}'), key: Buffer.from('') })).toMatch(
    /PEM|no start/i,
  )
})
