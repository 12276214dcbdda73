import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHome, removeTorn } from '../../../src/daemon/startup/open-home.ts'
import { homePaths } from '../../../src/daemon/settings.ts'
import { thisMachine } from '../../../src/host/host.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-home-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))

const mode = (file: string) => (fs.statSync(file).mode & 0o777).toString(8)

describe('a home', () => {
  test.each(['755', '777', '700'])('an empty home of mode %s is closed to others', (before) => {
    const home = path.join(folder, 'home')
    fs.mkdirSync(home)
    fs.chmodSync(home, before)
    openHome(thisMachine(), home)
    expect(mode(home)).toBe('700')
    expect(mode(path.join(home, 'runs'))).toBe('700')
  })

  test('a home that is a file is refused', () => {
    const file = path.join(folder, 'tasks.yaml')
    fs.writeFileSync(file, '')
    expect(() => openHome(thisMachine(), file)).toThrow(
      expect.objectContaining({
        message: `the home ${file} is not a directory`,
        hint: 'choose another with --home or TORCH_HOME',
      }),
    )
  })

  test('a home of torch that was opened to others is closed again', () => {
    const home = path.join(folder, 'home')
    fs.mkdirSync(home)
    fs.writeFileSync(path.join(home, 'torch.lock'), '')
    fs.chmodSync(home, 0o775)
    openHome(thisMachine(), home)
    expect(mode(home)).toBe('700')
  })

  test('a folder with other files that others may enter is refused as a home', () => {
    fs.writeFileSync(path.join(folder, 'letters.txt'), '')
    fs.chmodSync(folder, 0o755)
    expect(() => openHome(thisMachine(), folder)).toThrow(
      expect.objectContaining({
        message: `the home ${folder} is open to others (mode 755)`,
        hint: `it holds files of other programs; choose another home, or: chmod 700 ${folder}`,
      }),
    )
    expect(fs.readdirSync(folder)).toEqual(['letters.txt'])
  })

  test('the home of another user is refused and not changed', () => {
    const host = thisMachine()
    const other = { ...host, processes: { ...host.processes, uid: host.processes.uid + 1 } }
    expect(() => openHome(other, folder)).toThrow('belongs to another user')
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test('only temporary files of dead processes are removed from a home', () => {
    const names = ['.slots.999999999.tmp', `.slots.${process.pid}.tmp`, '.note.tmp', 'slots']
    for (const name of names) fs.writeFileSync(path.join(folder, name), '')
    removeTorn(thisMachine(), homePaths(folder))
    expect(fs.readdirSync(folder)).toEqual(names.slice(1).toSorted())
  })
})
