import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commitTime, tasksRevision } from '../../../src/daemon/tasks-file/revision.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newRepository, type Repository } from '../../support/repository.ts'

const host = thisMachine()
let repository: Repository
beforeEach(() => {
  repository = newRepository()
})
afterEach(() => repository.remove())
const at = (name: string) => path.join(repository.folder, name)
const revision = (name = 'tasks.yaml') => tasksRevision(host, at(name))

/** Commits everything and returns the revision of a clean file. */
const commit = () => repository.commit('x').slice(0, 12)

test('a file outside a repository has no revision, and neither has one before the first commit', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  expect(await revision()).toBeNull()
  fs.rmSync(at('.git'), { recursive: true })
  expect(await revision()).toBeNull()
  expect(await revision('gone.yaml')).toBeNull()
})

test('the time of a revision is that of its commit; a dirty file has none', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  const clean = commit()
  const seconds = Number(repository.git('log', '-1', '--format=%ct'))
  expect(await commitTime(host, at('tasks.yaml'), clean)).toBe(seconds * 1000)
  for (const none of [`${clean}-dirty`, null, '000000000000'])
    expect(await commitTime(host, at('tasks.yaml'), none)).toBeNull()
})

test('the revision of a file says dirty until its content is committed, and other files do not matter', async () => {
  const empty = commit()
  repository.write('tasks.yaml', 'tasks: {}')
  expect(await revision()).toBe(`${empty}-dirty`)
  const clean = commit()
  expect(await revision()).toBe(clean)
  repository.write('other', 'no matter')
  expect(await revision()).toBe(clean)
  repository.write('tasks.yaml', 'tasks: {a: {}}')
  expect(await revision()).toBe(`${clean}-dirty`)
  repository.git('add', '.')
  expect(await revision()).toBe(`${clean}-dirty`)
})

test('a file that git ignores is dirty, and one with odd characters in its name is not', async () => {
  repository.write('.gitignore', 'local.yaml\n')
  for (const name of ['local.yaml', '*.yaml', '-x.yaml', ':(top)x.yaml', 'a\nb "c".yaml'])
    repository.write(name, name)
  const clean = commit()
  expect(await revision('local.yaml')).toBe(`${clean}-dirty`)
  for (const name of ['*.yaml', '-x.yaml', ':(top)x.yaml', 'a\nb "c".yaml'])
    expect(await revision(name)).toBe(clean)
})

test('the revision of a link is the revision of its target', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  const clean = commit()
  const elsewhere = newRepository()
  fs.symlinkSync(at('tasks.yaml'), path.join(elsewhere.folder, 'tasks.yaml'))
  const found = await tasksRevision(host, path.join(elsewhere.folder, 'tasks.yaml'))
  elsewhere.remove()
  expect(found).toBe(clean)
})

test('a file has a revision in a linked worktree and in a repository with long hashes', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  const clean = commit()
  const other = newRepository()
  repository.git('worktree', 'add', '-q', path.join(other.folder, 'w'))
  expect(await tasksRevision(host, path.join(other.folder, 'w/tasks.yaml'))).toBe(clean)
  fs.rmSync(path.join(other.folder, '.git'), { recursive: true })
  other.git('init', '-q', '--object-format=sha256')
  other.write('tasks.yaml', 'tasks: {}')
  fs.rmSync(path.join(other.folder, 'w'), { recursive: true })
  const long = other.commit('long').slice(0, 12)
  expect(await tasksRevision(host, path.join(other.folder, 'tasks.yaml'))).toBe(long)
  other.remove()
})

test('a repository whose files are said to be elsewhere gives no revision', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  commit()
  repository.git('config', 'core.worktree', '/')
  expect(await revision()).toBeNull()
})

test('a file with the same bytes is clean, even if the repository configures a filter for it', async () => {
  repository.write('tasks.yaml', 'tasks: {}')
  const clean = commit()
  repository.write('.git/info/attributes', '*.yaml filter=upper ident\n')
  repository.git('config', 'filter.upper.clean', 'tr a-z A-Z')
  fs.utimesSync(at('tasks.yaml'), 1, 1)
  expect(await revision()).toBe(clean)
})

describe('a directory of tasks files', () => {
  let clean = ''
  beforeEach(() => {
    repository.write('shared.yaml', 'tasks: {}')
    repository.write('ops/a.yaml', 'tasks: {}')
    repository.write('ops/b.yml', 'tasks: {}')
    repository.write('ops/readme.md', 'one')
    fs.symlinkSync('../shared.yaml', at('ops/link.yaml'))
    clean = commit()
  })

  test('a directory is clean as committed, even if its other files change', async () => {
    expect(await revision('ops')).toBe(clean)
    repository.write('ops/readme.md', 'two')
    repository.write('ops/deeper/c.yaml', 'two')
    repository.write('other.yaml', 'two')
    expect(await revision('ops')).toBe(clean)
  })

  test.each([
    ['a changed file', () => repository.write('ops/a.yaml', 'two')],
    ['a new file', () => repository.write('ops/c.yaml', '')],
    ['a removed file', () => fs.rmSync(at('ops/b.yml'))],
    ['a file in place of another', () => fs.renameSync(at('ops/b.yml'), at('ops/c.yml'))],
    ['a changed file behind a link', () => repository.write('shared.yaml', 'two')],
    [
      'a link in place of a file',
      () => {
        fs.rmSync(at('ops/a.yaml'))
        fs.symlinkSync('../shared.yaml', at('ops/a.yaml'))
      },
    ],
  ])('is dirty because of %s', async (_what, change) => {
    change()
    expect(await revision('ops')).toBe(`${clean}-dirty`)
  })

  test('a directory of tasks files may be the top of its repository', async () => {
    expect(await revision('.')).toBe(clean)
    repository.write('new.yaml', '')
    expect(await revision('.')).toBe(`${clean}-dirty`)
  })
})
