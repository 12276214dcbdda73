import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import { mayMount, mountDisk } from '../support/disk.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-files-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

test('a missing file is undefined, and a file that cannot be read throws', () => {
  expect(diskFiles.readText(at('none'))).toBeUndefined()
  expect(diskFiles.readText(at('none/deeper'))).toBeUndefined()
  expect(diskFiles.facts(at('none'))).toBeUndefined()
  expect(diskFiles.list(at('none'))).toEqual([])
  expect(() => diskFiles.readText(folder)).toThrow('EISDIR')
})

test('the free space is what statfs says, and a missing file is not writable', () => {
  expect(diskFiles.mayWrite(folder)).toBe(true)
  expect(diskFiles.mayWrite(at('none'))).toBe(false)
  const { bavail, bsize, type } = fs.statfsSync(folder)
  const space = diskFiles.space(folder)
  expect(space.type).toBe(type)
  expect(Math.abs(space.freeBytes - bavail * bsize)).toBeLessThan(1e9)
  expect(() => diskFiles.space(at('none'))).toThrow('ENOENT')
})

test.skipIf(!mayMount())(
  'replace keeps the old file if the disk has no room for all of the new one',
  () => {
    const unmount = mountDisk(at('disk'), 'size=64k')
    try {
      diskFiles.write(at('disk/a'), 'old')
      expect(() => diskFiles.replace(at('disk/a'), 'x'.repeat(100_000))).toThrow('ENOSPC')
      expect(diskFiles.readText(at('disk/a'))).toBe('old')
    } finally {
      unmount()
    }
  },
)

test('replace renames a new file over the old one and leaves nothing beside it', () => {
  diskFiles.write(at('a'), 'old')
  const before = diskFiles.facts(at('a'))?.identity
  diskFiles.replace(at('a'), 'new')
  expect(diskFiles.readText(at('a'))).toBe('new')
  expect(diskFiles.facts(at('a'))?.identity).not.toBe(before)
  expect(fs.readdirSync(folder)).toEqual(['a'])
})

test('overwrite keeps the file and what is behind the new text', () => {
  diskFiles.write(at('a'), '0001 0001\n')
  const before = diskFiles.facts(at('a'))?.identity
  diskFiles.overwrite(at('a'), '0002')
  expect(diskFiles.readText(at('a'))).toBe('0002 0001\n')
  expect(diskFiles.facts(at('a'))?.identity).toBe(before)
})

test('if two claim a path, only the first succeeds', () => {
  expect(diskFiles.claim(at('claim'), 'void')).toBe(true)
  expect(diskFiles.claim(at('claim'), 'void')).toBe(false)
  expect(diskFiles.readLink(at('claim'))).toBe('void')
  expect(diskFiles.readLink(folder)).toBeUndefined()
})

test('only the owner can read new files and folders', () => {
  diskFiles.makeDirectory(at('d'))
  diskFiles.write(at('d/a'), '')
  diskFiles.close(diskFiles.openAppend(at('d/b')))
  const modes = ['d', 'd/a', 'd/b'].map((name) => diskFiles.facts(at(name))?.mode)
  expect(modes).toEqual([0o700, 0o600, 0o600])
})

test('nothing is written through a link', async () => {
  fs.writeFileSync(at('target'), 'kept')
  fs.symlinkSync(at('target'), at('link'))
  fs.symlinkSync(at('target'), at(`.new.${process.pid}.tmp`))
  expect(() => diskFiles.write(at('link'), 'x')).toThrow('ELOOP')
  expect(() => diskFiles.overwrite(at('link'), 'x')).toThrow('ELOOP')
  expect(() => diskFiles.openAppend(at('link'))).toThrow('ELOOP')
  expect(() => diskFiles.replace(at('new'), 'x')).toThrow('ELOOP')
  await expect(diskFiles.writeAsync(at('link'), 'x')).rejects.toThrow('ELOOP')
  expect(fs.readFileSync(at('target'), 'utf8')).toBe('kept')
})
