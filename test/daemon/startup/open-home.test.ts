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
        hint: 'it holds files of other programs; choose another home with --home',
      }),
    )
    expect(fs.readdirSync(folder)).toEqual(['letters.txt'])
  })

  test.each([
    ['a file', 'slots', (file: string) => fs.symlinkSync('/etc/hostname', file)],
    ['the log', 'daemon.log', (file: string) => fs.symlinkSync('/dev/null', file)],
    ['a folder', 'runs', (file: string) => fs.symlinkSync('/etc', file)],
    ['the folder of open outputs', 'written', (file: string) => fs.symlinkSync('/etc', file)],
    ['the folder of recorders', 'prepared', (file: string) => fs.symlinkSync('/etc', file)],
    [
      'a file of the history',
      'history.db-wal',
      (file: string) => fs.symlinkSync('/etc/hostname', file),
    ],
  ])('a home in which %s is a link is refused and not changed', (_what, name, plant) => {
    fs.writeFileSync(path.join(folder, 'torch.lock'), '')
    plant(path.join(folder, name))
    fs.chmodSync(folder, 0o777)
    expect(() => openHome(thisMachine(), folder)).toThrow(`${folder}/${name} is a symbolic link`)
    expect(fs.readdirSync(folder)).toEqual([name, 'torch.lock'].toSorted())
    expect(mode(folder)).toBe('777')
  })

  test('a home whose folder of runs others may write is refused', () => {
    fs.mkdirSync(path.join(folder, 'runs'))
    fs.chmodSync(path.join(folder, 'runs'), 0o777)
    expect(() => openHome(thisMachine(), folder)).toThrow(
      '/runs can be written by others (mode 777)',
    )
  })

  test('a sticky folder is for many users, so it is never made a home, even an empty one', () => {
    fs.chmodSync(folder, 0o1777)
    expect(() => openHome(thisMachine(), folder)).toThrow(
      expect.objectContaining({
        code: 'open-home',
        hint: 'it holds files of other users; choose another home with --home',
      }),
    )
    expect(mode(folder)).toBe('777')
    expect(fs.readdirSync(folder)).toEqual([])
  })

  test.skipIf(process.getuid?.() !== 0)(
    'a lock or any other file of another user in an open home makes it foreign',
    () => {
      const lock = path.join(folder, 'torch.lock')
      fs.writeFileSync(lock, '')
      fs.chownSync(lock, 65_534, 65_534)
      fs.chmodSync(folder, 0o777)
      const open = () => openHome(thisMachine(), folder)
      expect(open).toThrow(`${lock} belongs to another user (uid 65534)`)
      fs.chownSync(lock, 0, 0)
      fs.writeFileSync(path.join(folder, 'note'), '')
      fs.chownSync(path.join(folder, 'note'), 65_534, 65_534)
      expect(open).toThrow('is open to others (mode 777)')
      expect(mode(folder)).toBe('777')
      fs.chmodSync(folder, 0o700)
      open()
    },
  )

  test.skipIf(process.getuid?.() !== 0)('root takes no home that others can replace', () => {
    fs.chmodSync(folder, 0o777)
    const home = path.join(folder, 'home')
    expect(() => openHome(thisMachine(), home)).toThrow(`other users can replace the home ${home}`)
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
