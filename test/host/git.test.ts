import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findRepository, gitNames } from '../../src/host/git.ts'
import { thisMachine } from '../../src/host/host.ts'
import { newRepository, type Repository } from '../support/repository.ts'

const host = thisMachine()
let repository: Repository
beforeEach(() => {
  repository = newRepository()
})
afterEach(() => repository.remove())
const at = (name: string) => path.join(repository.folder, name)

test('gitNames lists branches and tags, at most as many as asked for', async () => {
  const names = (limit: number) => gitNames(host, at('tasks.yaml'), limit)
  expect(await names(9)).toEqual([])
  repository.commit('empty')
  repository.git('tag', 'v1.0')
  repository.git('branch', "it's/mine")
  expect((await names(9)).toSorted()).toEqual(["it's/mine", 'main', 'v1.0'])
  expect(await names(1)).toHaveLength(1)
})

test('the repository of a file is the nearest one, also in a linked worktree', () => {
  repository.write('tasks.yaml', '')
  repository.write('deeper/tasks.yaml', '')
  repository.commit('one')
  const inner = newRepository(at('inner'))
  const tree = newRepository()
  repository.git('worktree', 'add', '-q', path.join(tree.folder, 'w'))
  const topOf = (file: string) => findRepository(host, file)?.top
  expect(topOf(at('deeper/tasks.yaml'))).toBe(repository.folder)
  expect(topOf(at('gone/tasks.yaml'))).toBe(repository.folder)
  expect(topOf(path.join(inner.folder, 'tasks.yaml'))).toBe(inner.folder)
  expect(topOf(path.join(tree.folder, 'w/tasks.yaml'))).toBe(path.join(tree.folder, 'w'))
  tree.remove()
})

test('a folder .git without HEAD is not a repository', () => {
  fs.mkdirSync(at('sub/.git'), { recursive: true })
  expect(findRepository(host, at('sub/tasks.yaml'))?.top).toBe(repository.folder)
})

describe.skipIf(process.getuid?.() !== 0)('for root, a repository', () => {
  const owner = 65534
  const kind = () => findRepository(host, at('tasks.yaml'))
  beforeEach(() => repository.write('tasks.yaml', ''))

  test.each(['.', '.git'])('a repository is foreign if %s belongs to another user', (part) => {
    fs.chownSync(at(part), owner, owner)
    expect(kind()).toEqual({ kind: 'foreign', top: repository.folder, uid: owner })
  })

  test('a repository is trusted if it belongs to the owner of the tasks file', () => {
    for (const part of ['.', '.git', 'tasks.yaml']) fs.chownSync(at(part), owner, owner)
    expect(kind()).toMatchObject({ kind: 'trusted', isOurs: false })
    fs.chownSync(at('tasks.yaml'), 0, 0)
    expect(kind()).toMatchObject({ kind: 'foreign' })
  })

  test('a repository is foreign if .git is a link of another user', () => {
    fs.renameSync(at('.git'), at('real'))
    fs.symlinkSync('real', at('.git'))
    expect(kind()).toMatchObject({ kind: 'trusted', isOurs: true })
    fs.lchownSync(at('.git'), owner, owner)
    expect(kind()).toMatchObject({ kind: 'foreign', uid: owner })
  })

  test('a repository is foreign if the file .git leads to a folder of another user', () => {
    fs.renameSync(at('.git'), at('real'))
    fs.writeFileSync(at('.git'), 'gitdir: real\n')
    expect(kind()).toMatchObject({ kind: 'trusted', isOurs: true })
    fs.chownSync(at('real'), owner, owner)
    expect(kind()).toMatchObject({ kind: 'foreign', uid: owner })
  })

  test('a repository is foreign if its common folder belongs to another user', () => {
    repository.commit('one')
    fs.mkdirSync(at('tree'))
    repository.git('worktree', 'add', '-q', at('tree/w'))
    const find = () => findRepository(host, at('tree/w/tasks.yaml'))
    expect(find()).toMatchObject({ kind: 'trusted', isOurs: true })
    fs.chownSync(at('.git'), owner, owner)
    expect(find()).toMatchObject({ kind: 'foreign', uid: owner })
  })
})
