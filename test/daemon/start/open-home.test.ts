import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHome, removeTorn } from '../../../src/daemon/start/open-home.ts'
import { homePaths } from '../../../src/daemon/settings.ts'
import { thisMachine } from '../../../src/host/host.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-home-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)

describe('a home', () => {
  test.each(['755', '777', '700'])('of mode %s that is empty is closed to others', (before) => {
    const home = path.join(folder, 'home')
    fs.mkdirSync(home)
    fs.chmodSync(home, before)
    openHome(thisMachine(), home)
    expect(mode(home)).toBe('700')
    expect(mode(path.join(home, 'runs'))).toBe('700')
  })

  test('is no file', () => {
    const file = path.join(folder, 'tasks.yaml')
    fs.writeFileSync(file, '')
    expect(() => openHome(thisMachine(), file)).toThrow(
      expect.objectContaining({
        message: `the home ${file} is no folder`,
        hint: 'choose another with --home or TORCH_HOME',
      }),
    )
  })

  test('that was ours and was opened is closed again', () => {
    const home = path.join(folder, 'home')
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'torch.lock'), '')
    fs.chmodSync(home, 0o775)
    openHome(thisMachine(), home)
    expect(mode(home)).toBe('700')
  })

  test('is not a folder of other things, which others may look into', () => {
    fs.writeFileSync(path.join(folder, 'letters.txt'), '')
    fs.chmodSync(folder, 0o755)
    expect(() => openHome(thisMachine(), folder)).toThrow(
      expect.objectContaining({
        message: `the home ${folder} is open to others (mode 755)`,
        hint: `it holds other things than torch's, so choose another, or: chmod 700 ${folder}`,
      }),
    )
    expect(fs.readdirSync(folder)).toEqual(['letters.txt'])
  })

  test('of another user is left alone', () => {
    const host = thisMachine()
    const other = { ...host, processes: { ...host.processes, uid: host.processes.uid + 1 } }
    expect(() => openHome(other, folder)).toThrow('belongs to another user')
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test('loses what was being written as its process was killed, and nothing else', () => {
    const names = ['.slots.999999999.tmp', `.slots.${process.pid}.tmp`, '.note.tmp', 'slots']
    for (const name of names) fs.writeFileSync(path.join(folder, name), '')
    removeTorn(thisMachine(), homePaths(folder))
    expect(fs.readdirSync(folder)).toEqual(names.slice(1).toSorted())
  })
})
