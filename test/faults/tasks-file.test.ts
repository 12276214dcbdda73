import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { torchHere } from '../support/here.ts'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { ask, heldBy, logOf, renameOver } from '../support/daemon.ts'
import { expectUndisturbed, memoryOf, nextSeconds, startWitnessed, witness } from './witness.ts'

vi.setConfig({ testTimeout: 180_000 })
afterAll(closeSites)

const isRoot = process.getuid?.() === 0
const good = `tasks:${witness}`

interface Fault {
  readonly name: string
  /** Puts the bad thing at the path of the tasks file, or of one file of a folder. Returns the clean-up. */
  make(file: string): void | (() => void) | Promise<() => void>
  /** The message, without the path in front. */
  readonly says: string | RegExp
}

/** Nested aliases: each line has ten times as many values as the one before. */
const bomb = Array.from({ length: 30 }, (_, n) =>
  n === 0 ? 'a0: &a0 [x, x]\n' : `a${n}: &a${n} [${`*a${n - 1},`.repeat(10)}]\n`,
).join('')

const faults: readonly Fault[] = [
  { name: 'nothing', make() {}, says: 'is not there' },
  {
    name: 'a pipe that nobody writes',
    make: (file) => void execFileSync('mkfifo', [file]),
    says: 'is neither a file nor a directory',
  },
  {
    name: 'a pipe that somebody writes slowly',
    make(file) {
      execFileSync('mkfifo', [file])
      const slow = 'while echo "# slow"; do sleep 0.2; done >"$0"'
      const writer = spawn('sh', ['-c', slow, file], { stdio: 'ignore', env: {} })
      return () => void writer.kill('SIGKILL')
    },
    says: 'is neither a file nor a directory',
  },
  {
    name: 'a gigabyte',
    make(file) {
      fs.writeFileSync(file, good)
      fs.truncateSync(file, 2 ** 30)
    },
    says: /ha(s|ve) 1073741824 bytes.*; torch reads at most 10000000$/,
  },
  {
    name: 'binary junk',
    make: (file) =>
      fs.writeFileSync(file, Buffer.alloc(5_000_000, 'GIF8\u0000\u00ff\u0012', 'latin1')),
    says: /^not a text file: /,
  },
  {
    name: 'an alias bomb',
    make: (file) => fs.writeFileSync(file, bomb),
    says: 'expected aliases that expand to at most 1000000 values',
  },
  {
    name: 'a deep nesting',
    make: (file) => fs.writeFileSync(file, `tasks: ${'['.repeat(9_000_000)}`),
    says: 'expected at most 64 levels of nested maps and lists',
  },
  {
    name: 'a socket',
    async make(file) {
      const server = net.createServer()
      await new Promise<void>((resolve) => server.listen(file, resolve))
      return () => void server.close()
    },
    says: 'is neither a file nor a directory',
  },
  ...['/dev/zero', '/dev/urandom'].map((device) => ({
    name: `a link to ${device}`,
    make: (file: string) => fs.symlinkSync(device, file),
    says: 'is neither a file nor a directory',
  })),
  {
    name: 'a link to nothing',
    make: (file) => fs.symlinkSync('nowhere', file),
    says: 'is a link to nowhere, which is not there',
  },
  {
    name: 'a circle of links',
    make(file) {
      const name = path.basename(file).replace('.new', '')
      fs.symlinkSync(`${name}.2`, file)
      fs.symlinkSync(name, `${path.join(path.dirname(file), name)}.2`)
      return () => fs.rmSync(`${path.join(path.dirname(file), name)}.2`)
    },
    says: 'is a symbolic link that leads back to itself',
  },
]

const emptyDirectory: Fault = {
  name: 'an empty directory',
  make: (file) => fs.mkdirSync(file),
  says: 'this directory contains no *.yaml or *.yml file',
}
const directoryWithin: Fault = {
  name: 'a directory',
  make: (file) => fs.mkdirSync(file),
  says: 'is a directory, not a file',
}

/** Whether this is the message of the fault, as the JSON has it. */
function isSaid({ says }: Fault, message: string): boolean {
  return typeof says === 'string' ? message === says : says.test(message)
}

/** Causes and removes one fault after the other. The daemon must report each one and otherwise continue. */
async function suffer(site: Site, file: string, all: readonly Fault[]): Promise<void> {
  const pid = await startWitnessed(site)
  const before = { memory: memoryOf(pid), descriptors: heldBy(pid).descriptors }
  for (const fault of all) {
    const told = logOf(site).length
    // In one step, as programs do: otherwise the missing file would be another fault.
    const clean = await fault.make(`${file}.new`)
    fs.rmSync(file, { recursive: true })
    if (fs.lstatSync(`${file}.new`, { throwIfNoEntry: false })) fs.renameSync(`${file}.new`, file)
    const refused = await until(async () => {
      const status = await ask(site, 'status', {})
      return status.file.problems.some(({ message }) => isSaid(fault, message)) && status
    }, `the word of ${fault.name}`)
    expect(refused.file.ok, fault.name).toBe(false)
    expect(file.startsWith(refused.file.problems[0]?.file ?? '-')).toBe(true)
    expect(refused.tasks.map((task) => task.name)).toContain('second')
    await nextSeconds(site, 2)
    const errors = logOf(site)
      .slice(told)
      .filter(
        ({ event, problems = [] }) => event === 'refuse' && !problems[0]?.includes('is not there'),
      )
    expect(errors.length, `${fault.name} is said once`).toBeLessThan(2)
    expect(memoryOf(pid), fault.name).toBeLessThan(before.memory + 150)

    clean?.()
    fs.rmSync(file, { recursive: true, force: true })
    renameOver(site, good)
    if (file !== site.tasks) fs.renameSync(site.tasks, file)
    await until(
      async () => (await ask(site, 'status', {})).file.ok,
      `the good file after ${fault.name}`,
    )
  }
  await until(() => heldBy(pid).descriptors <= before.descriptors, 'no more descriptors')
  await expectUndisturbed(site, pid)
}

describe.concurrent('a tasks file that turns bad under a running daemon', () => {
  test('the daemon reports each bad thing in the place of its tasks file and otherwise continues', async () => {
    const site = newSite(good)
    await suffer(site, site.tasks, [...faults, emptyDirectory])
  })

  test('the daemon reports each bad thing in the place of one file of its folder and otherwise continues', async () => {
    const site = newSite()
    const file = site.write('tasks.d/a.yaml', good)
    const inDirectory = faults.filter(({ name }) => name !== 'nothing')
    const sited = {
      ...site,
      torch: (...words: string[]) =>
        site.torchWith({ env: { TORCH_TASKS: path.dirname(file) } }, ...words),
    }
    await suffer(sited, file, [...inDirectory, directoryWithin])
  })

  test.runIf(isRoot)(
    'the daemon reports a tasks file that it may no longer read, once',
    async () => {
      const site = newSite(good)
      fs.chmodSync(site.folder, 0o755)
      fs.mkdirSync(site.home)
      for (const place of [site.home, site.folder]) fs.chownSync(place, 65_534, 65_534)
      const user = {
        ...site,
        torch: (...words: string[]) => site.torchWith({ uid: 65_534 }, ...words),
      }
      const pid = await startWitnessed(user)
      fs.chmodSync(site.tasks, 0)
      const problem = await until(
        async () => (await ask(site, 'status', {})).file.problems[0],
        'the word of it',
      )
      expect(problem.message).toMatch(/^cannot be read: EACCES: permission denied/)
      await nextSeconds(site, 3)
      fs.chmodSync(site.tasks, 0o644)
      await until(async () => (await ask(site, 'status', {})).file.ok, 'the good file')
      expect(logOf(site).filter(({ event }) => event === 'refuse')).toHaveLength(1)
      await expectUndisturbed(user, pid)
    },
  )
})

/** The commands must say what is wrong with the file, and must not hang. */
test.concurrent.for([...faults, emptyDirectory])(
  'validate, next and plan of $name say what is wrong and exit with status 2',
  async (fault, { onTestFinished }) => {
    const site = newSite()
    const file = path.join(site.folder, 'bad.yaml')
    const clean = (await fault.make(file)) ?? (() => {})
    onTestFinished(clean)
    const validate = await torchHere(['validate', file, '--json'])
    const { problems } = JSON.parse(validate.stdout) as { problems: { message: string }[] }
    expect(problems.filter(({ message }) => isSaid(fault, message))).toHaveLength(1)
    for (const words of [
      ['validate', file],
      ['next', '--tasks', file],
      ['plan', file],
    ]) {
      const { status, stdout, stderr } = await torchHere(words)
      expect(status, words[0]).toBe(2)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^(torch: )?.*bad\.yaml/)
    }
  },
)

test.concurrent.for(faults.filter(({ name }) => /pipe|giga|zero/.test(name)))(
  'torch start with $name says what is wrong and exits with status 2',
  async (fault, { onTestFinished }) => {
    const site = newSite()
    const clean = (await fault.make(site.tasks)) ?? (() => {})
    onTestFinished(clean)
    const { status, stdout, stderr } = await site.torch('start')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^torch: .*tasks\.yaml: .*\nhint: /)
    await until(() => site.living().length === 0, 'the end of what was started')
  },
)
