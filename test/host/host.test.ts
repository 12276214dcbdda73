import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { realAccounts } from '../../src/host/accounts.ts'
import { wallClock } from '../../src/host/clock.ts'
import { diskFiles } from '../../src/host/files.ts'
import { gitNames, gitRevision } from '../../src/host/git.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'
import { takeLock } from '../../src/host/lock.ts'
import { fullName } from '../../src/host/network.ts'
import { parseStat, realProcesses } from '../../src/host/processes.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-host-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

describe('files', () => {
  test('what is not there is undefined, what cannot be read throws', () => {
    expect(diskFiles.readText(at('none'))).toBeUndefined()
    expect(diskFiles.readText(at('none/deeper'))).toBeUndefined()
    expect(diskFiles.facts(at('none'))).toBeUndefined()
    expect(diskFiles.list(at('none'))).toEqual([])
    expect(() => diskFiles.readText(folder)).toThrow('EISDIR')
  })

  test('room, and who may write', () => {
    expect(diskFiles.mayWrite(folder)).toBe(true)
    expect(diskFiles.mayWrite(at('none'))).toBe(false)
    const { bavail, bsize, type } = fs.statfsSync(folder)
    const space = diskFiles.space(folder)
    expect(space.type).toBe(type)
    expect(Math.abs(space.freeBytes - bavail * bsize)).toBeLessThan(1e9)
    expect(() => diskFiles.space(at('none'))).toThrow('ENOENT')
  })

  test('replace is whole or not at all, and leaves nothing beside it', () => {
    diskFiles.write(at('a'), 'old')
    const before = diskFiles.facts(at('a'))?.identity
    diskFiles.replace(at('a'), 'new')
    expect(diskFiles.readText(at('a'))).toBe('new')
    expect(diskFiles.facts(at('a'))?.identity).not.toBe(before)
    expect(fs.readdirSync(folder)).toEqual(['a'])
  })

  test('overwrite keeps the file and does not cut it', () => {
    diskFiles.write(at('a'), '0001 0001\n')
    const before = diskFiles.facts(at('a'))?.identity
    diskFiles.overwrite(at('a'), '0002')
    expect(diskFiles.readText(at('a'))).toBe('0002 0001\n')
    expect(diskFiles.facts(at('a'))?.identity).toBe(before)
  })

  test('of two who claim a path one wins', () => {
    expect(diskFiles.claim(at('claim'), 'void')).toBe(true)
    expect(diskFiles.claim(at('claim'), 'void')).toBe(false)
    expect(diskFiles.readLink(at('claim'))).toBe('void')
    expect(diskFiles.readLink(folder)).toBeUndefined()
  })

  test('files are for their owner alone', () => {
    diskFiles.makeDirectory(at('d'))
    diskFiles.write(at('d/a'), '')
    diskFiles.close(diskFiles.openAppend(at('d/b')))
    const modes = ['d', 'd/a', 'd/b'].map((name) => diskFiles.facts(at(name))?.mode)
    expect(modes).toEqual([0o700, 0o600, 0o600])
  })
})

describe('processes', () => {
  test('a line of /proc/PID/stat is read from its end: a name may hold anything', () => {
    const fields = Array.from({ length: 30 }, (_, index) => String(index + 4))
    expect(parseStat(`42 (a) b) c) S ${fields.join(' ')}`)).toEqual({
      pid: 42,
      group: 5,
      startTicks: 22,
    })
    expect(parseStat(`42 (gone) Z ${fields.join(' ')}`)).toBeUndefined()
    expect(parseStat('')).toBeUndefined()
    expect(parseStat(undefined)).toBeUndefined()
  })

  test('we are who we are, and nobody has the pid 0', () => {
    expect(realProcesses.identify(process.pid)).toMatchObject({ pid: process.pid })
    expect(realProcesses.identify(0)).toBeUndefined()
    expect(realProcesses.signalName(15)).toBe('SIGTERM')
    expect(realProcesses.bootId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a signal to who is gone is false, not an error', async () => {
    const child = spawn('/bin/true')
    await new Promise((resolve) => child.once('exit', resolve))
    expect(realProcesses.signal(child.pid ?? 0, 0)).toBe(false)
    expect(realProcesses.signalGroup(child.pid ?? 0, 'SIGTERM')).toBe(false)
  })

  test('a program that is not there, fails or hangs is not ok, and never an error', async () => {
    const run = (program: string, ...args: string[]) =>
      realProcesses.runProgram(program, args, { timeoutMs: 200 })
    expect(await run('/no/such/program')).toMatchObject({ ok: false, missing: true })
    expect(await run('/bin/false')).toMatchObject({ ok: false, missing: false })
    expect(await run('/bin/sleep', '60')).toMatchObject({ ok: false })
    expect(await run('/bin/echo', 'hi')).toEqual({
      ok: true,
      missing: false,
      stdout: 'hi\n',
      stderr: '',
    })
    expect(realProcesses.runProgramSync('/no/such/program', [], [])).toMatchObject({
      missing: true,
    })
  })
})

test('a program that is killed and leaves a child with its output open is not waited for', async () => {
  const words = ['-c', `sleep 60 & echo "$!" >"${at('pid')}"; echo hi; wait`]
  const result = await realProcesses.runProgram('/bin/sh', words, { timeoutMs: 300 })
  process.kill(Number(fs.readFileSync(at('pid'), 'utf8')), 'SIGKILL')
  expect(result).toEqual({ ok: false, missing: false, stdout: 'hi\n', stderr: '' })
})

describe('what a daemon or a person may be', () => {
  const { TZ, HOME } = process.env
  afterEach(() => {
    vi.restoreAllMocks()
    Object.assign(process.env, { TZ: TZ ?? '', HOME })
    if (TZ === undefined) delete process.env['TZ']
  })

  test.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    [':Europe/Berlin', 'Europe/Berlin'],
    ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
    [':/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
    ['/usr/share/zoneinfo/No/Such', 'UTC'],
    ['No/Such', 'UTC'],
    ['utc', 'UTC'],
    ['', 'UTC'],
  ])('in the zone TZ=%s', (variable, zone) => {
    process.env['TZ'] = variable
    expect(wallClock.zone()).toBe(zone)
  })

  test('a number without a name, as in a container', () => {
    vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('uv_os_get_passwd returned ENOENT')
    })
    const { uid, gid } = realProcesses
    process.env['HOME'] = '/data'
    expect(realAccounts.self()).toEqual({ name: String(uid), uid, gid, home: '/data' })
    delete process.env['HOME']
    expect(realAccounts.self().home).toBe('/')
  })
})

describe('the whole name of the machine', () => {
  const hosts =
    '127.0.0.1 localhost\n# 10.0.0.9 db1.old.example.com db1\n127.0.1.1\tdb1.example.com db1\n'
  test.each([
    { name: 'db1', hosts, whole: 'db1.example.com' },
    { name: 'db1.other.org', hosts, whole: 'db1.other.org' },
    { name: 'web1', hosts, whole: 'web1' },
    { name: 'db1', hosts: '127.0.1.1 db1\n', whole: 'db1' },
    { name: 'db1', hosts: '', whole: 'db1' },
  ])('$name is $whole', ({ name, hosts: text, whole }) => {
    expect(fullName(name, text)).toBe(whole)
  })
})

describe('the lock of a home', () => {
  const holder = `
    const { takeLock } = await import(process.argv[1] + '/dist/host/lock.js')
    const { thisMachine } = await import(process.argv[1] + '/dist/host/host.js')
    const lock = await takeLock(thisMachine(), process.argv[2])
    process.stdout.write(lock === undefined ? 'no' : 'yes')
    setInterval(() => {}, 1000)
  `
  /** Another process that takes the lock, and what it says. */
  const hold = async (file: string) => {
    const words = ['--input-type=module', '-e', holder, process.cwd(), file]
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    })
    const end = async () => {
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
    }
    return { said, end }
  }
  const withoutFlock: Host = {
    ...thisMachine(),
    processes: {
      ...realProcesses,
      runProgramSync: () => ({ status: null, missing: true, stdout: '' }),
    },
  }

  test('is one process’s at a time, and free at once when that is killed', async () => {
    const other = await hold(at('lock'))
    expect(other.said).toBe('yes')
    expect(await takeLock(thisMachine(), at('lock'))).toBeUndefined()
    await other.end()
    const lock = await takeLock(thisMachine(), at('lock'))
    expect(lock).toBeDefined()
    const second = await hold(at('lock'))
    expect(second.said).toBe('no')
    await second.end()
    lock?.release()
    const third = await hold(at('lock'))
    expect(third.said).toBe('yes')
    await third.end()
  })

  test('is not inherited by what the holder starts', async () => {
    const lock = await takeLock(thisMachine(), at('lock'))
    const child = spawn('/bin/sleep', ['60'])
    lock?.release()
    const again = await takeLock(thisMachine(), at('lock'))
    child.kill('SIGKILL')
    expect(again).toBeDefined()
    again?.release()
  })

  test('is an abstract socket where there is no flock program', async () => {
    const lock = await takeLock(withoutFlock, at('lock'))
    expect(lock).toBeDefined()
    expect(await takeLock(withoutFlock, at('lock'))).toBeUndefined()
    expect(await takeLock(withoutFlock, at('other'))).toBeDefined()
  })
})

describe('the git revision of a file', () => {
  const git = (...args: string[]) =>
    spawnSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args])
  const revision = () => gitRevision(thisMachine(), at('tasks.yaml'))

  test('none outside of a repository, and none before the first commit', async () => {
    fs.writeFileSync(at('tasks.yaml'), 'tasks: {}')
    expect(await revision()).toBeNull()
    git('init', '-q')
    expect(await revision()).toBeNull()
  })

  test('clean, dirty, and dirty while it is not in the repository', async () => {
    git('init', '-q')
    git('commit', '-q', '--allow-empty', '-m', 'empty')
    fs.writeFileSync(at('tasks.yaml'), 'tasks: {}')
    expect(await revision()).toMatch(/^[0-9a-f]{12}-dirty$/)
    git('add', '.')
    git('commit', '-qm', 'tasks')
    const clean = await revision()
    expect(clean).toMatch(/^[0-9a-f]{12}$/)
    fs.writeFileSync(at('other'), 'no matter')
    expect(await revision()).toBe(clean)
    fs.writeFileSync(at('tasks.yaml'), 'tasks: {a: {}}')
    expect(await revision()).toBe(`${clean}-dirty`)
  })

  test('a link is followed to the repository that it leads into', async () => {
    git('init', '-q')
    fs.writeFileSync(at('tasks.yaml'), 'tasks: {}')
    git('add', '.')
    git('commit', '-qm', 'tasks')
    const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-link-'))
    fs.symlinkSync(at('tasks.yaml'), path.join(elsewhere, 'tasks.yaml'))
    const found = await gitRevision(thisMachine(), path.join(elsewhere, 'tasks.yaml'))
    fs.rmSync(elsewhere, { recursive: true })
    expect(found).toBe(await revision())
  })

  test('by the names that there are: branches and tags', async () => {
    const names = (most: number) => gitNames(thisMachine(), at('tasks.yaml'), most)
    expect(await names(9)).toEqual([])
    git('init', '-q', '-b', 'main')
    git('commit', '-q', '--allow-empty', '-m', 'empty')
    git('tag', 'v1.0')
    git('branch', "it's/mine")
    expect((await names(9)).toSorted()).toEqual(["it's/mine", 'main', 'v1.0'])
    expect(await names(1)).toHaveLength(1)
  })
})

test.runIf(process.getuid?.() !== 0)('a process of another user is as good as gone', () => {
  expect(realProcesses.signal(1, 'SIGCONT')).toBe(false)
})
