import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gitNames, gitRevision } from '../../src/host/git.ts'
import { thisMachine } from '../../src/host/host.ts'

let folder = ''
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-git-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

const git = (...args: string[]) =>
  spawnSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args])
const revision = () => gitRevision(thisMachine(), at('tasks.yaml'))

test('a file outside a repository has no revision, and neither has one before the first commit', async () => {
  fs.writeFileSync(at('tasks.yaml'), 'tasks: {}')
  expect(await revision()).toBeNull()
  git('init', '-q')
  expect(await revision()).toBeNull()
})

test('the revision of a file says dirty until its content is committed, whatever other files do', async () => {
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

test('the revision of a link is the revision of its target', async () => {
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

test('gitNames lists branches and tags, at most as many as asked for', async () => {
  const names = (limit: number) => gitNames(thisMachine(), at('tasks.yaml'), limit)
  expect(await names(9)).toEqual([])
  git('init', '-q', '-b', 'main')
  git('commit', '-q', '--allow-empty', '-m', 'empty')
  git('tag', 'v1.0')
  git('branch', "it's/mine")
  expect((await names(9)).toSorted()).toEqual(["it's/mine", 'main', 'v1.0'])
  expect(await names(1)).toHaveLength(1)
})
