import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash, loadTasks } from '../../../src/daemon/tasks-file/load.ts'
import { parse } from '../../../src/daemon/tasks-file/parse.ts'
import { parseJob } from '../../../src/daemon/tasks-file/parse-job.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { hostFacts } from '../../../src/tasks/hosts.ts'
import { boundsOfAnyMachine } from '../../../src/tasks/machine-bounds.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-load-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)
const good = 'tasks: {job: {schedule: "@daily", command: x}}\n'

/** What a load says: the names of the tasks, or the words of its problems. */
async function load(name: string, uid = 1000): Promise<string[]> {
  const host = thisMachine()
  const loaded = await loadTasks({ ...host, processes: { ...host.processes, uid } }, at(name), {
    shown: name,
  })
  if (loaded.file !== undefined) return loaded.file.tasks.map((task) => task.name)
  return loaded.problems.map((problem) =>
    `${problem.file}: ${problem.message}`.replaceAll(folder, '.'),
  )
}

test.each(['', `# ${'x'.repeat(300_000)}\n`])(
  'with fileOnly neither the env file nor the user must exist',
  async (more) => {
    fs.writeFileSync(at('tasks.yaml'), `${more}defaults: { env_file: no.env, user: db }\n${good}`)
    const host = thisMachine()
    const nobody = { ...host, processes: { ...host.processes, uid: 1000 } }
    const { file } = await loadTasks(nobody, at('tasks.yaml'), { fileOnly: true })
    expect(file?.tasks[0]).toMatchObject({ envFile: at('no.env'), user: 'db' })
    expect((await loadTasks(nobody, at('tasks.yaml'))).problems).toHaveLength(2)
  },
)

test('a machine that cannot make sockets gets a warning for tasks that listen, and only there', async () => {
  const real = thisMachine()
  let asked = 0
  const whyNot = () => `listen needs koffi${asked++ === 0 ? '' : ' again'}`
  const host = { ...real, sockets: { ...real.sockets, whyNot } }
  fs.writeFileSync(at('tasks.yaml'), good)
  expect((await loadTasks(host, at('tasks.yaml'))).problems).toEqual([])
  expect(asked).toBe(0)
  fs.writeFileSync(at('tasks.yaml'), 'tasks: { web: { type: daemon, command: [x], listen: 80 } }\n')
  const loaded = await loadTasks(host, at('tasks.yaml'))
  expect(loaded.problems).toMatchObject([
    { severity: 'warning', message: 'cannot listen on this machine: listen needs koffi' },
  ])
  expect(loaded.file?.tasks).toHaveLength(1)
  expect((await loadTasks(host, at('tasks.yaml'), { fileOnly: true })).problems).toEqual([])
})

describe('what is read as a tasks file', () => {
  test('a file is read as a tasks file', async () => {
    fs.writeFileSync(at('tasks.yaml'), good)
    expect(await load('tasks.yaml')).toEqual(['job'])
  })

  test('a directory is read as its *.yaml and *.yml files in the order of their names', async () => {
    fs.mkdirSync(at('d'))
    for (const name of ['b.yaml', 'a.yml', '.hidden.yaml', 'c.yaml~', 'notes.txt'])
      fs.writeFileSync(
        at(`d/${name}`),
        good.replace('job', name.slice(0, 1) === '.' ? 'hidden' : name.slice(0, 1)),
      )
    expect(await load('d')).toEqual(['a', 'b'])
  })

  test.each([
    { name: 'nothing there', make() {}, says: 'tasks.yaml: is not there' },
    {
      name: 'a pipe',
      make: () => void execFileSync('mkfifo', [at('tasks.yaml')]),
      says: 'tasks.yaml: is neither a file nor a directory',
    },
    {
      name: 'an empty directory',
      make: () => fs.mkdirSync(at('tasks.yaml')),
      says: 'tasks.yaml: this directory contains no *.yaml or *.yml file',
    },
    {
      name: 'a gigabyte',
      make() {
        fs.writeFileSync(at('tasks.yaml'), good)
        fs.truncateSync(at('tasks.yaml'), 2 ** 30)
      },
      says: 'tasks.yaml: has 1073741824 bytes; torch reads at most 10000000',
    },
    {
      name: 'a circle of links',
      make: () => fs.symlinkSync('tasks.yaml', at('tasks.yaml')),
      says: 'tasks.yaml: is a symbolic link that leads back to itself',
    },
    {
      name: 'a link to nothing',
      make: () => fs.symlinkSync('nowhere', at('tasks.yaml')),
      says: 'tasks.yaml: is a link to nowhere, which is not there',
    },
    {
      name: 'a device',
      make: () => fs.symlinkSync('/dev/zero', at('tasks.yaml')),
      says: 'tasks.yaml: is neither a file nor a directory',
    },
    {
      name: 'a directory with a directory of such a name',
      make: () => fs.mkdirSync(at('tasks.yaml/a.yaml'), { recursive: true }),
      says: 'tasks.yaml/a.yaml: is a directory, not a file',
    },
    {
      name: 'a directory with a pipe',
      make() {
        fs.mkdirSync(at('tasks.yaml'))
        execFileSync('mkfifo', [at('tasks.yaml/a.yaml')])
      },
      says: 'tasks.yaml/a.yaml: is neither a file nor a directory',
    },
    {
      name: 'a directory with more files than are looked at each second',
      make() {
        fs.mkdirSync(at('tasks.yaml'))
        for (let n = 0; n <= 1000; n++) fs.writeFileSync(at(`tasks.yaml/${n}.yaml`), '')
      },
      says: 'tasks.yaml: contains 1001 files; torch reads at most 1000',
    },
    {
      name: 'an env file that is a pipe',
      make() {
        execFileSync('mkfifo', [at('no.env')])
        fs.writeFileSync(at('tasks.yaml'), `defaults: { env_file: no.env }\n${good}`)
      },
      says: 'tasks.yaml: cannot be used: ./no.env: is neither a file nor a directory',
    },
  ])('$name is one clear error', async ({ make, says }) => {
    make()
    expect(await load('tasks.yaml')).toEqual([says])
  })
})

test('a parser that fails, as one of another version may, is a temporary problem of the file', async () => {
  const failed = { kind: 'failed', message: 'not to be had' } as const
  const host = { ...thisMachine(), inWorker: async () => failed }
  const job = {
    texts: [{ path: 'x', text: { length: 5 } as never }],
    facts: {} as never,
    fileOnly: false,
  }
  const read = await parse(host, 'tasks.yaml', job, { inThread: true })
  expect(read).toMatchObject({ file: undefined, isTemporary: true })
  expect(read.problems[0]?.message).toMatch(
    /^could not be read: .* \(if torch was upgraded, try torch restart\)$/,
  )
})

describe('a large file', () => {
  const large = `tasks:\n${Array.from(
    { length: 1200 },
    (_, index) => `  t${index}: { schedule: "*/5 * * * * *", command: x, max: unlimited }\n`,
  ).join('')}`
  const result = (kind: 'memory' | 'late') => ({
    ...thisMachine(),
    inWorker: async () => ({ kind }),
  })

  test('a large file gives the same tasks in a thread as without one', async () => {
    fs.writeFileSync(at('tasks.yaml'), large)
    const host = thisMachine()
    const { file } = await loadTasks(host, at('tasks.yaml'), { inThread: true })
    const machine = hostFacts(host.network.name(), host.network.addresses())
    const job = {
      texts: [{ path: at('tasks.yaml'), text: large }],
      facts: {
        zone: host.clock.zone(),
        host: machine.names[0] ?? '',
        machine,
        bounds: boundsOfAnyMachine,
        mayChangeUser: host.processes.uid === 0,
        folder,
      },
      fileOnly: false,
    }
    const here = parseJob(job)
    expect(file?.tasks).toHaveLength(1200)
    expect(file?.tasks[0]?.max).toBe(Infinity)
    expect(here.ok && here.file.tasks).toStrictEqual(file?.tasks)
  })

  test('a large file has its env files read', async () => {
    fs.writeFileSync(at('tasks.yaml'), `defaults: { env_file: no.env }\n${large}`)
    expect(await load('tasks.yaml')).toEqual(['tasks.yaml: cannot be used: ./no.env: is not there'])
  })

  test.each([
    ['memory', 'takes more than 2048 MiB of memory to read'],
    ['late', 'takes more than 120 s to read'],
  ] as const)('a thread that hits its limit is one problem: %s', async (kind, message) => {
    fs.writeFileSync(at('tasks.yaml'), large)
    const inThread = true
    const { file, problems } = await loadTasks(result(kind), at('tasks.yaml'), { inThread })
    expect(file).toBeUndefined()
    expect(problems.map((problem) => problem.message)).toEqual([message])
  })

  test('the files of a directory are limited together', async () => {
    fs.mkdirSync(at('d'))
    for (const name of ['a', 'b']) fs.writeFileSync(at(`d/${name}.yaml`), '#'.repeat(6_000_000))
    expect(await load('d')).toEqual([
      'd: its files have 12000000 bytes together; torch reads at most 10000000',
    ])
  })
})

describe('a thread', () => {
  const { inWorker } = thisMachine()
  const facts = { zone: 'UTC', host: 'a', machine: { names: ['a'], addresses: [] }, folder: '/' }
  const text = `tasks: {${'a: {command: x},'.repeat(100_000)}}`
  const job = { texts: [{ path: 'a', text }], facts, fileOnly: false }

  test.each([
    ['memory', { memoryMiB: 40, timeoutMs: 20_000 }],
    ['late', { memoryMiB: 1000, timeoutMs: 1 }],
  ])('a thread is ended at its limit: %s', async (kind, bounds) => {
    expect(await inWorker('parse-worker', job, bounds)).toEqual({
      kind,
    })
  })

  test('a thread that fails gives the reason', async () => {
    const bounds = { memoryMiB: 100, timeoutMs: 20_000 }
    expect(await inWorker('parse-worker', {}, bounds)).toMatchObject({
      kind: 'failed',
    })
  })
})

describe('a root daemon', () => {
  const refusal = (file: string) =>
    `${file}: other users can write it, and a daemon that runs as root would run what they write`

  test('a root daemon refuses a file that everybody can write', async () => {
    fs.writeFileSync(at('tasks.yaml'), good)
    fs.chmodSync(at('tasks.yaml'), 0o666)
    expect(await load('tasks.yaml', 0)).toEqual([refusal('tasks.yaml')])
    expect(await load('tasks.yaml', 1000)).toEqual(['job'])
    fs.chmodSync(at('tasks.yaml'), 0o644)
    expect(await load('tasks.yaml', 0)).toEqual(['job'])
  })

  test('a root daemon refuses a directory that everybody can write', async () => {
    fs.mkdirSync(at('d'))
    fs.writeFileSync(at('d/a.yaml'), good)
    fs.chmodSync(at('d'), 0o777)
    expect(await load('d', 0)).toEqual([refusal('d')])
  })
})

describe('the hash of the content', () => {
  const hash = () => contentHash(thisMachine(), at('tasks.yaml'))
  test('the hash changes with the content, with its absence, and with nothing else', () => {
    const absent = hash()
    expect(hash()).toBe(absent)
    fs.writeFileSync(at('tasks.yaml'), good)
    const first = hash()
    expect(first).not.toBe(absent)
    fs.utimesSync(at('tasks.yaml'), 0, 0)
    expect(hash()).toBe(first)
    fs.appendFileSync(at('tasks.yaml'), '#')
    expect(hash()).not.toBe(first)
  })
})
