import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { maxWholeWrite, namedPipes } from '../../src/host/named-pipes.ts'

let folder = ''
let pipe = ''
const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-pipe-'))
  pipe = path.join(folder, 'pipe')
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

describe('a named pipe', () => {
  const opened: number[] = []
  const open = (): void =>
    void opened.push(fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK))
  afterEach(() => {
    for (const descriptor of opened.splice(0)) fs.closeSync(descriptor)
  })

  test('a pipe is for its user alone, and replaces what had its name', () => {
    fs.writeFileSync(pipe, 'text')
    namedPipes.make(pipe, self)
    const facts = fs.statSync(pipe)
    expect(facts.isFIFO()).toBe(true)
    expect(facts.mode & 0o777).toBe(0o600)
  })

  test.skipIf(self.uid !== 0)('root gives a pipe to the user of a run', () => {
    namedPipes.make(pipe, { uid: 65_534, gid: 65_534 })
    expect(fs.statSync(pipe)).toMatchObject({ uid: 65_534, gid: 65_534 })
  })

  test('a write says that nobody reads, or that there is no pipe', () => {
    expect(namedPipes.write(pipe, Buffer.from('x'))).toBe('no-reader')
    namedPipes.make(pipe, self)
    expect(namedPipes.write(pipe, Buffer.from('x'))).toBe('no-reader')
  })

  test('a write puts all bytes or none into a pipe that fills up', () => {
    namedPipes.make(pipe, self)
    open()
    const page = Buffer.alloc(maxWholeWrite, 'x')
    let written = 0
    while (namedPipes.write(pipe, page) === 'written') written += page.length
    expect(written).toBeGreaterThanOrEqual(2 * maxWholeWrite)
    expect(namedPipes.unread(pipe) ?? written).toBe(written)
    expect(namedPipes.write(pipe, page)).toBe('full')
    expect(namedPipes.unread(pipe) ?? written).toBe(written)
  })

  test('the mark of a pipe is gone once something is written', () => {
    namedPipes.make(pipe, self)
    open()
    namedPipes.mark(pipe, 7)
    expect(namedPipes.markOf(pipe)).toBe(7)
    namedPipes.write(pipe, Buffer.from('x'))
    expect(namedPipes.markOf(pipe)).not.toBe(7)
  })
})
