import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { tasksRevision } from '../../src/daemon/tasks-file/revision.ts'
import { commitOf, isLocated, locateInGit, lookAt, readTexts } from '../../src/host/git-commits.ts'
import { gitNames, refNames } from '../../src/host/git.ts'
import { thisMachine } from '../../src/host/host.ts'
import { giveTo, newHostileRepository, runPlainGit } from '../support/hostile-repository.ts'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)
const nobody = 65534
const host = thisMachine()

/** A site whose folder is the hostile repository, with traces beside its files. */
function hostileSite() {
  const site = newSite()
  fs.chmodSync(site.folder, 0o755)
  const repository = newHostileRepository(
    path.join(site.folder, 'repo'),
    path.join(site.folder, 'traces'),
  )
  const blob = repository.git('rev-parse', 'HEAD:tasks.yaml')
  return { site, repository, blob, at: (name: string) => path.join(repository.folder, name) }
}

/** What the commands of torch ask git, without their processes. */
async function askAll({ at, blob }: ReturnType<typeof hostileSite>, file: string) {
  for (const tasks of [at(file), at('ops'), at('.')]) await tasksRevision(host, tasks)
  await gitNames(host, at(file), 10)
  const located = await locateInGit(host, at(file))
  if (!isLocated(located)) return
  for (const words of [
    'HEAD',
    'HEAD~1',
    'nowhere',
    'v1',
    ':/one',
    '--output=x',
    '-x',
    'HEAD:ops',
  ]) {
    const commit = await commitOf(located, words)
    if (commit !== undefined) await lookAt(located, commit, ['tasks.yaml', 'ops']).catch(() => {})
  }
  await refNames(located.git, 10)
  await readTexts(located, [blob])
}

test('plain git runs into the traps of the hostile repository of these tests', () => {
  const { repository } = hostileSite()
  runPlainGit(repository.folder, 'status')
  runPlainGit(repository.folder, 'cat-file', '-p', 'HEAD~1:tasks.yaml')
  expect(repository.traps()).toEqual(
    expect.arrayContaining(['remote-ext.trace', 'fsmonitor.trace']),
  )
  expect(repository.traps().join()).toMatch(/process|clean/)
})

test('nothing that the repository of a tasks file names is executed, and no missing object fetched', async () => {
  const made = hostileSite()
  await askAll(made, 'tasks.yaml')
  expect(made.repository.traps()).toEqual([])
})

test('the revision of a file is known in such a repository too', async () => {
  const { repository, at } = hostileSite()
  const head = repository.git('rev-parse', 'HEAD').slice(0, 12)
  expect(await tasksRevision(host, at('tasks.yaml'))).toBe(head)
  fs.appendFileSync(at('tasks.yaml'), '# more\n')
  expect(await tasksRevision(host, at('tasks.yaml'))).toBe(`${head}-dirty`)
})

describe.skipIf(process.getuid?.() !== 0)('root', () => {
  test("torch reads a tasks file beneath another user's .git without asking git", async () => {
    const made = hostileSite()
    const { site, repository, at } = made
    giveTo(nobody, at('.git'))
    const below = repository.write('own/tasks.yaml', 'tasks: {}\n')
    await askAll(made, 'own/tasks.yaml')
    expect(await tasksRevision(host, below)).toBeNull()
    const { stderr, status } = await site.torch('diff', '--tasks', below)
    expect(status).toBe(2)
    expect(stderr).toContain(
      `the repository ${repository.folder} belongs to another user (uid ${nobody})`,
    )
    expect(repository.traps()).toEqual([])
  })

  test("torch uses a checkout of the tasks file's owner, and executes nothing from it", async () => {
    const made = hostileSite()
    const { site, repository, at } = made
    const head = repository.git('rev-parse', 'HEAD').slice(0, 12)
    giveTo(nobody, repository.folder)
    await askAll(made, 'tasks.yaml')
    expect(await tasksRevision(host, at('tasks.yaml'))).toBe(head)
    for (const words of commands)
      await site.torchWith({ env: { TORCH_TASKS: at('tasks.yaml') }, cwd: at('.') }, ...words)
    expect(repository.traps()).toEqual([])
    const { stdout } = await site.torch('diff', '--tasks', at('tasks.yaml'))
    expect(stdout).toContain('HEAD')
  })
})

const commands = [
  ['validate'],
  ['start'],
  ['reload'],
  ['doctor'],
  ['diff', 'HEAD~1'],
  ['__complete', 'fish', 'torch diff '],
  ['stop'],
  ['status'],
]
