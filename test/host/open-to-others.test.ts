import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { openToOthers } from '../../src/host/open-to-others.ts'
import { diskFiles } from '../../src/host/files.ts'

/** The numbers of linux/posix_acl.h, as setfacl(1) would write them. */
const tags = { owner: 1, user: 2, ownerGroup: 4, group: 8, mask: 16, others: 32 }
const nobodyInList = 0xffff_ffff

function accessList(...entries: [tag: keyof typeof tags, rights: number, id?: number][]): Buffer {
  const list = Buffer.alloc(4 + 8 * entries.length)
  list.writeUInt32LE(2)
  for (const [at, [tag, rights, id = nobodyInList]] of entries.entries()) {
    list.writeUInt16LE(tags[tag], 4 + 8 * at)
    list.writeUInt16LE(rights, 6 + 8 * at)
    list.writeUInt32LE(id, 8 + 8 * at)
  }
  return list
}

let folder = ''
const lists = new Map<string, Buffer | 'none' | 'unknown'>()
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-open-')))
  fs.mkdirSync(at('srv/ops'), { recursive: true, mode: 0o755 })
  fs.writeFileSync(at('srv/ops/tasks.yaml'), '')
  for (const part of ['.', 'srv', 'srv/ops']) fs.chmodSync(at(part), 0o755)
  fs.chmodSync(at('srv/ops/tasks.yaml'), 0o644)
  lists.clear()
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

const machine = thisMachine()
const { uid, gid } = machine.processes
/** Access lists cannot be set everywhere, so a test says what they are. */
const host: Host = {
  ...machine,
  files: { ...machine.files, accessList: (file) => lists.get(file) ?? 'none' },
}
const place = (name = 'srv/ops/tasks.yaml', options?: { owner: number }) => {
  const found = openToOthers(host, at(name), options)
  return found && `${path.relative(folder, found.path)} ${found.part} ${found.why}`
}

test('a file that only its owner may write, in folders like that, is closed', () => {
  expect(place()).toBeUndefined()
  expect(place('srv/ops')).toBeUndefined()
  expect(place('srv/gone')).toBeUndefined()
})

test.each(['srv/ops/tasks.yaml', 'srv/ops'])('%s is open if everybody may write it', (name) => {
  fs.chmodSync(at(name), 0o666 | 0o111)
  expect(place(name)).toBe(`${name} itself writable`)
})

test.each(['srv', 'srv/ops'])('a file is open if everybody may write its folder %s', (name) => {
  fs.chmodSync(at(name), 0o777)
  expect(place()).toBe(`${name} folder writable`)
})

test('others cannot replace a file in a sticky folder, but they can add files', () => {
  fs.chmodSync(at('srv/ops'), 0o1777)
  expect(place()).toBeUndefined()
  expect(place('srv/ops')).toBe('srv/ops itself writable')
})

test('all folders that a link leads through count', () => {
  fs.mkdirSync(at('releases/1'), { recursive: true })
  fs.writeFileSync(at('releases/1/tasks.yaml'), '')
  fs.symlinkSync('releases/1', at('current'))
  fs.symlinkSync(`${folder}/current/../1/tasks.yaml`, at('srv/ops/link.yaml'))
  expect(place('srv/ops/link.yaml')).toBeUndefined()
  fs.chmodSync(at('releases'), 0o777)
  expect(place('srv/ops/link.yaml')).toBe('releases folder writable')
  expect(place('current/tasks.yaml')).toBe('releases folder writable')
  fs.chmodSync(at('releases'), 0o755)
  fs.chmodSync(at('srv/ops'), 0o777)
  expect(place('srv/ops/link.yaml')).toBe('srv/ops folder writable')
})

describe('a file that its group may write', () => {
  const file = () => at('srv/ops/tasks.yaml')
  beforeEach(() => fs.chmodSync(file(), 0o664))

  test.each<[string, Buffer | 'none' | 'unknown', boolean]>([
    ['without an access list', 'none', false],
    ['with an access list that cannot be read', 'unknown', true],
    [
      'with a list for another user',
      accessList(['owner', 6], ['user', 6, 65_533], ['ownerGroup', 4], ['mask', 6], ['others', 4]),
      true,
    ],
    [
      'with a list for another group',
      accessList(['owner', 6], ['ownerGroup', 4], ['group', 6, 65_533], ['mask', 6], ['others', 4]),
      true,
    ],
    [
      'with a list that lets others read',
      accessList(['owner', 6], ['user', 4, 65_533], ['ownerGroup', 6], ['mask', 6], ['others', 4]),
      false,
    ],
  ])('%s', (_what, list, isOpen) => {
    lists.set(file(), list)
    expect(place()).toBe(isOpen ? 'srv/ops/tasks.yaml itself writable' : undefined)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'a file that its group may write is open unless that is the group of root',
    () => {
      fs.chownSync(file(), uid, 65_533)
      expect(place()).toBe('srv/ops/tasks.yaml itself writable')
    },
  )
})

describe.skipIf(process.getuid?.() !== 0)('among several users', () => {
  const [one, two] = [65_534, 65_533]
  const give = (user: number, ...names: string[]) => {
    for (const name of names) fs.lchownSync(at(name), user, gid)
  }

  test('a file of another user in folders of that user is closed to all others', () => {
    give(one, 'srv', 'srv/ops', 'srv/ops/tasks.yaml')
    expect(place()).toBeUndefined()
    expect(place('srv/ops/tasks.yaml', { owner: 0 })).toBe('srv folder owner')
  })

  test.each([0, two])('a file of user %s in a folder of another user is open', (user) => {
    give(user, 'srv/ops/tasks.yaml')
    give(one, 'srv/ops')
    expect(place()).toBe('srv/ops folder owner')
  })

  test('a file of another user in a sticky folder is open, because anybody can make one', () => {
    fs.chmodSync(at('srv/ops'), 0o1777)
    give(one, 'srv/ops/tasks.yaml')
    expect(place()).toBe('srv/ops/tasks.yaml itself owner')
  })

  test('a link of another user in a sticky folder is open', () => {
    fs.chmodSync(at('srv'), 0o1777)
    fs.symlinkSync('ops', at('srv/link'))
    expect(place('srv/link/tasks.yaml')).toBeUndefined()
    give(one, 'srv/link')
    expect(place('srv/link/tasks.yaml')).toBe('srv/link itself owner')
  })
})

test('the access list of a file can be read, or is unknown', () => {
  expect(['none', 'unknown']).toContain(diskFiles.accessList(at('srv/ops/tasks.yaml')))
})
