import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentHash, loadTasks } from '../../src/daemon/load.ts'
import { thisMachine } from '../../src/host/machine.ts'

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

describe('what is read as a tasks file', () => {
  test('a file', async () => {
    fs.writeFileSync(at('tasks.yaml'), good)
    expect(await load('tasks.yaml')).toEqual(['job'])
  })

  test('a directory: its *.yaml and *.yml in the order of their names, nothing else', async () => {
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
      says: 'tasks.yaml: no *.yaml or *.yml file is in this directory',
    },
    {
      name: 'a gigabyte',
      make() {
        fs.writeFileSync(at('tasks.yaml'), good)
        fs.truncateSync(at('tasks.yaml'), 2 ** 30)
      },
      says: 'tasks.yaml: has 1073741824 bytes; at most 10000000 are read',
    },
  ])('$name is one clear error', async ({ make, says }) => {
    make()
    expect(await load('tasks.yaml')).toEqual([says])
  })
})

describe('a root daemon', () => {
  const refusal = (file: string) =>
    `${file}: others may write it, and a daemon of root would run what they write`

  test('refuses a file that the world may write', async () => {
    fs.writeFileSync(at('tasks.yaml'), good)
    fs.chmodSync(at('tasks.yaml'), 0o666)
    expect(await load('tasks.yaml', 0)).toEqual([refusal('tasks.yaml')])
    expect(await load('tasks.yaml', 1000)).toEqual(['job'])
    fs.chmodSync(at('tasks.yaml'), 0o644)
    expect(await load('tasks.yaml', 0)).toEqual(['job'])
  })

  test('refuses such a directory', async () => {
    fs.mkdirSync(at('d'))
    fs.writeFileSync(at('d/a.yaml'), good)
    fs.chmodSync(at('d'), 0o777)
    expect(await load('d', 0)).toEqual([refusal('d')])
  })
})

describe('the hash of the content', () => {
  const hash = () => contentHash(thisMachine(), at('tasks.yaml'))
  test('changes with the content, with its absence, and with nothing else', () => {
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
