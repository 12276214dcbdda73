import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  commitOf,
  isLocated,
  type Located,
  locateInGit,
  lookAt,
  mergeBase,
  namesIn,
  readTexts,
} from '../../src/host/git-commits.ts'
import { refNames } from '../../src/host/git.ts'
import { thisMachine } from '../../src/host/host.ts'
import { newRepository, type Repository } from '../support/repository.ts'

const host = thisMachine()
let repository: Repository
beforeEach(() => {
  repository = newRepository()
})
afterEach(() => repository.remove())

const at = (name: string) => path.join(repository.folder, name)

async function located(name: string): Promise<Located> {
  const found = await locateInGit(host, at(name))
  if (!isLocated(found)) throw new Error(JSON.stringify(found))
  return found
}

/** The text of a file at a commit; what is there instead, if it is not a file. */
async function textAt(name: string, commit: string): Promise<string> {
  const place = await located(name)
  const [found] = await lookAt(place, commit, [place.path])
  if (found?.kind !== 'file') return JSON.stringify(found)
  return (await readTexts(place, [found.hash]))[0] ?? ''
}

describe('locateInGit', () => {
  test.each([
    ['a file', 'tasks.yaml', 'tasks.yaml'],
    ['a file in a folder', 'ops/täsks all.yaml', 'ops/täsks all.yaml'],
    ['a folder', 'ops', 'ops'],
    ['the top of the repository', '.', ''],
    ['a missing file', 'gone.yaml', 'gone.yaml'],
    ['a file in a missing folder', 'gone/too/tasks.yaml', 'gone/too/tasks.yaml'],
    ['a link within the repository', 'link.yaml', 'link.yaml'],
    ['a link to a folder of the repository', 'all', 'all'],
    ['a file behind a linked folder', 'all/täsks all.yaml', 'ops/täsks all.yaml'],
    ['a link to nothing', 'nothing.yaml', 'nothing.yaml'],
  ])('git locates %s', async (_what, name, expected) => {
    repository.write('tasks.yaml', '')
    repository.write('ops/täsks all.yaml', '')
    fs.symlinkSync('tasks.yaml', at('link.yaml'))
    fs.symlinkSync('ops', at('all'))
    fs.symlinkSync('gone.yaml', at('nothing.yaml'))
    expect((await located(name)).path).toBe(expected)
  })

  test('a file outside a repository is located in none', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-none-'))
    expect(await locateInGit(host, path.join(folder, 'tasks.yaml'))).toBe('no-repository')
    fs.rmSync(folder, { recursive: true })
  })

  test('a link into another repository is located there', async () => {
    const other = newRepository()
    repository.write('tasks.yaml', '')
    for (const name of ['tasks.yaml', 'ops'])
      fs.symlinkSync(path.join(other.folder, 'sub', name), at(`to-${name}`))
    other.write('sub/tasks.yaml', '')
    other.write('sub/ops/a.yaml', '')
    expect((await located('to-tasks.yaml')).path).toBe('sub/tasks.yaml')
    expect((await located('to-ops')).path).toBe('sub/ops')
    other.remove()
  })

  test('without git, locateInGit says so', async () => {
    repository.write('tasks.yaml', '')
    const runProgram = async () => ({ ok: false, missing: true, stdout: '', stderr: '' })
    const without = { ...host, processes: { ...host.processes, runProgram } }
    expect(await locateInGit(without, at('tasks.yaml'))).toBe('no-git')
  })

  test('a file in a worktree is located even if GIT_DIR is set, as in a hook', async () => {
    repository.write('tasks.yaml', 'one')
    repository.commit('one')
    const tree = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-tree-'))
    repository.git('worktree', 'add', '-q', path.join(tree, 'w'))
    process.env['GIT_DIR'] = '/nowhere'
    const found = await locateInGit(host, path.join(tree, 'w/tasks.yaml'))
    delete process.env['GIT_DIR']
    expect(found).toMatchObject({ path: 'tasks.yaml', isShallow: false })
    fs.rmSync(tree, { recursive: true })
  })
})

describe('commitOf and mergeBase', () => {
  test('commitOf understands all forms of a revision, and rejects anything else', async () => {
    repository.write('tasks.yaml', 'one')
    const one = repository.commit('one')
    repository.git('tag', '-a', '-m', 'first', 'v1')
    const two = repository.commit('two')
    const place = await located('tasks.yaml')
    for (const name of ['HEAD~1', 'v1', one.slice(0, 7), ':/one', 'main^'])
      expect(await commitOf(place, name)).toBe(one)
    expect(await commitOf(place, 'HEAD')).toBe(two)
    const none = ['', 'nope', '--all', '-h', '^HEAD', 'HEAD:tasks.yaml', 'HEAD\nv1', 'a b', 'x\0y']
    for (const name of none) expect(await commitOf(place, name)).toBeUndefined()
    expect((await refNames(place.git, 9)).toSorted()).toEqual(['main', 'v1'])
  })

  test('mergeBase finds the last commit that two commits have in common', async () => {
    repository.write('tasks.yaml', 'one')
    const one = repository.commit('one')
    repository.git('switch', '-q', '-c', 'work')
    const work = repository.commit('work')
    repository.git('switch', '-q', 'main')
    const main = repository.commit('main')
    repository.git('switch', '-q', '--orphan', 'alone')
    const alone = repository.commit('alone')
    const place = await located('tasks.yaml')
    expect(await mergeBase(place, main, work)).toBe(one)
    expect(await mergeBase(place, main, alone)).toBeUndefined()
  })

  test('a shallow clone does not have an older commit, and is known as shallow', async () => {
    repository.write('tasks.yaml', 'one')
    repository.commit('one')
    repository.commit('two')
    repository.git('clone', '-q', '--depth=1', `file://${repository.folder}`, at('clone'))
    const place = await located('clone/tasks.yaml')
    expect(place.isShallow).toBe(true)
    expect(await commitOf(place, 'HEAD~1')).toBeUndefined()
  })
})

describe('the content of a commit', () => {
  test('a text comes as it was committed, without filters and conversions', async () => {
    repository.git('config', 'diff.shout.textconv', 'tr a-z A-Z <')
    repository.git('config', 'filter.shout.smudge', 'tr a-z A-Z')
    repository.write('.gitattributes', '* diff=shout filter=shout text eol=crlf\n')
    repository.write('a "b" ü.yaml', 'one ü\n')
    const commit = repository.commit('one')
    repository.write('a "b" ü.yaml', 'two')
    expect(await textAt('a "b" ü.yaml', commit)).toBe('one ü\n')
  })

  test('a link is followed as it was at that commit', async () => {
    repository.write('old.yaml', 'old')
    fs.symlinkSync('old.yaml', at('tasks.yaml'))
    const one = repository.commit('one')
    repository.write('envs/new.yaml', 'new')
    fs.rmSync(at('tasks.yaml'))
    fs.symlinkSync('envs/new.yaml', at('tasks.yaml'))
    const two = repository.commit('two')
    expect(await textAt('tasks.yaml', one)).toBe('old')
    expect(await textAt('tasks.yaml', two)).toBe('new')
  })

  test.each([
    ['a missing file', 'gone.yaml', { kind: 'absent' }],
    ['a path behind a file', 'tasks.yaml/x', { kind: 'absent' }],
    ['a link to nothing', 'dangling', { kind: 'link', target: 'HEAD:dangling' }],
    ['a link out of the repository', 'outside', { kind: 'link', target: '/etc/passwd' }],
    ['a link to itself', 'loop', { kind: 'link', target: 'HEAD:loop' }],
    ['a name with a line break', 'a\nb', { kind: 'absent' }],
    ['a folder', 'sub', { kind: 'folder' }],
    ['the top of the repository', '', { kind: 'folder' }],
    ['a file', 'tasks.yaml', { kind: 'file', bytes: 3 }],
  ])('lookAt finds out what a commit contains at %s', async (_what, name, expected) => {
    repository.write('tasks.yaml', 'one')
    repository.write('sub/x', '')
    fs.symlinkSync('none', at('dangling'))
    fs.symlinkSync('/etc/passwd', at('outside'))
    fs.symlinkSync('loop', at('loop'))
    repository.commit('one')
    const place = await located('tasks.yaml')
    const [before, found, after] = await lookAt(place, 'HEAD', ['tasks.yaml', name, 'tasks.yaml'])
    expect(found).toMatchObject(expected)
    expect([before?.kind, after?.kind]).toEqual(['file', 'file'])
  })

  test('namesIn lists a folder, and readTexts reads many texts at once', async () => {
    const names = ['B.yaml', 'a-.yaml', 'a.yaml', 'ä\n.yaml', '.hidden', 'a']
    for (const name of names) repository.write(`d/${name}`, `${name} \n\0 ü ${'x'.repeat(5000)}`)
    repository.commit('one')
    const place = await located('d')
    const [folder] = await lookAt(place, 'HEAD', ['d'])
    if (folder?.kind !== 'folder') throw new Error('no folder')
    const found = await namesIn(place, folder.hash)
    expect(found).toEqual(names.toSorted())
    const readable = found.filter((name) => !name.includes('\n'))
    const files = await lookAt(
      place,
      'HEAD',
      readable.map((name) => `d/${name}`),
    )
    const hashes = files.map((file) => (file.kind === 'file' ? file.hash : ''))
    expect((await readTexts(place, hashes)).map((text) => text.split(' ')[0])).toEqual(readable)
  })

  test('a file that a partial clone left out is not fetched, and does not count as absent', async () => {
    repository.write('tasks.yaml', 'one')
    repository.commit('one')
    repository.git('config', 'uploadpack.allowFilter', 'true')
    const options = ['--filter=blob:none', '--no-checkout']
    repository.git('clone', '-q', ...options, `file://${repository.folder}`, at('clone'))
    const place = await located('clone/tasks.yaml')
    expect(await lookAt(place, 'HEAD', ['tasks.yaml'])).toEqual([{ kind: 'left-out' }])
    expect(await lookAt(place, 'HEAD', ['none.yaml'])).toEqual([{ kind: 'absent' }])
  })

  test('nothing counts as absent if git fails', async () => {
    repository.write('tasks.yaml', 'one')
    repository.commit('one')
    const place = await located('tasks.yaml')
    const failed = { ok: false, missing: false, stdout: '' }
    const late: Located = { ...place, git: async () => ({ ...failed, stderr: '' }) }
    const broken: Located = { ...place, git: async () => ({ ...failed, stderr: 'fatal: x\ny' }) }
    await expect(commitOf(late, 'HEAD')).rejects.toThrow('did not answer in time')
    expect(await commitOf(broken, 'HEAD')).toBeUndefined()
    await expect(lookAt(late, 'HEAD', ['tasks.yaml'])).rejects.toThrow('did not answer in time')
    await expect(namesIn(broken, 'HEAD')).rejects.toThrow(/^git: fatal: x$/)
    await expect(readTexts(place, ['0'.repeat(40)])).rejects.toThrow('0000 missing')
  })
})
