import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { readFileAs } from '../../src/host/read-as-user.ts'

const nobody = { name: 'nobody', uid: 65_534, gid: 65_534 }
const host = thisMachine()
let folder = ''
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-as-')))
  fs.chmodSync(folder, 0o755)
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)
const read = (name: string, maxBytes = 100) => readFileAs(host, nobody, at(name), maxBytes)

function write(name: string, text: string, mode = 0o644, ageMs = 60_000): string {
  fs.writeFileSync(at(name), text)
  fs.chmodSync(at(name), mode)
  fs.utimesSync(at(name), (Date.now() - ageMs) / 1000, (Date.now() - ageMs) / 1000)
  return at(name)
}

describe.skipIf(process.getuid?.() !== 0)('root reads for another user', () => {
  test('a file is read only if that user may read it, also through links', () => {
    write('secret', 'KEY=1', 0o600)
    write('group', 'KEY=1', 0o640)
    fs.symlinkSync('secret', at('link'))
    fs.mkdirSync(at('closed'), { mode: 0o700 })
    write('closed/open', 'KEY=1')
    fs.symlinkSync('closed/open', at('through'))
    write('own', 'KEY=2')
    for (const name of ['secret', 'group', 'link', 'closed/open', 'through'])
      expect(() => read(name)).toThrow('cannot be read as user nobody: Permission denied')
    expect(read('own')?.toString()).toBe('KEY=2')
    expect(read('none')).toBeUndefined()
  })

  test('a change of the content or of the permissions is seen', () => {
    const file = write('own', 'KEY=1')
    expect(read('own')?.toString()).toBe('KEY=1')
    expect(read('own')?.toString()).toBe('KEY=1')
    write('own', 'KEY=2')
    expect(read('own')?.toString()).toBe('KEY=2')
    fs.chmodSync(file, 0o600)
    expect(() => read('own')).toThrow('Permission denied')
    fs.rmSync(file)
    fs.symlinkSync('/etc/shadow', file)
    expect(() => read('own')).toThrow('Permission denied')
  })

  test('a file that is too big or not a regular file is refused at once', () => {
    write('large', 'x'.repeat(101))
    write('full', 'x'.repeat(100))
    execFileSync('mkfifo', ['-m', '666', at('pipe')])
    expect(() => read('large')).toThrow('has more than 100 bytes')
    expect(read('full')).toHaveLength(100)
    expect(() => read('pipe')).toThrow('is neither a file nor a directory')
    expect(() => read('.')).toThrow('is a directory, not a file')
    expect(() => readFileAs(host, nobody, '/dev/zero', 100)).toThrow('is neither')
  })
})
