import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endsOf, repositoryOf } from '../../../../src/cli/commands/diff/revisions.ts'
import { thisMachine } from '../../../../src/host/host.ts'
import { newRepository, type Repository } from '../../../support/repository.ts'

const host = thisMachine()
let repository: Repository
let one = ''
let work = ''
let main = ''
beforeAll(() => {
  repository = newRepository()
  repository.write('tasks.yaml', 'tasks: {}\n')
  one = repository.commit('one')
  repository.git('switch', '-q', '-c', 'feature')
  work = repository.commit('work')
  repository.git('switch', '-q', '--orphan', 'alone')
  repository.commit('alone')
  repository.git('switch', '-q', 'main')
  main = repository.commit('main')
  repository.git('tag', 'v1', one)
})
afterAll(() => repository.remove())

async function ends(...words: string[]) {
  const located = await repositoryOf(host, path.join(repository.folder, 'tasks.yaml'), 'tasks.yaml')
  return endsOf(host, located, words)
}

const short = (commit: string) => commit.slice(0, 12)

describe('The sides of a comparison', () => {
  test.each([
    [[], () => [main, undefined, `HEAD (${short(main)}) -> working copy`]],
    [['v1'], () => [one, undefined, `v1 (${short(one)}) -> working copy`]],
    [['v1', 'feature'], () => [one, work, `v1 (${short(one)}) -> feature (${short(work)})`]],
    [['feature..main'], () => [work, main, `feature..main (${short(work)} -> ${short(main)})`]],
    [['feature...main'], () => [one, main, `feature...main (${short(one)} -> ${short(main)})`]],
    [['feature..'], () => [work, main, `feature.. (${short(work)} -> ${short(main)})`]],
    [['...feature'], () => [one, work, `...feature (${short(one)} -> ${short(work)})`]],
  ] as [string[], () => [string, string | undefined, string]][])(
    'the sides that torch diff %j compares',
    async (words, expected) => {
      const { from, to, name } = await ends(...words)
      const commits = [from, to].map((end) => (end.kind === 'commit' ? end.commit : undefined))
      expect([...commits, name]).toEqual(expected())
    },
  )

  test('a common ancestor is named by its short hash', async () => {
    expect((await ends('feature...main')).from).toMatchObject({ revision: short(one) })
  })
})

describe('An unknown revision', () => {
  test.each([
    [['featrue'], 'unknown revision "featrue"', 'did you mean "feature"?'],
    [['--all'], 'unknown revision "--all"', /^git log --oneline lists/],
    [['mian...HEAD'], 'unknown revision "mian"', /^git log --oneline lists/],
    [['HEAD~9', 'HEAD'], 'unknown revision "HEAD~9"', /^git log --oneline lists/],
    [
      ['package.json'],
      'unknown revision "package.json"',
      'to name a tasks file, use --tasks: torch diff --tasks package.json',
    ],
    [
      ['main..v1', 'HEAD'],
      'expected two revisions, or one range; got main..v1 HEAD',
      'torch diff A B',
    ],
    [
      ['main...alone'],
      'main and alone share no commit',
      'compare them directly, with two dots: torch diff main..alone',
    ],
  ])('torch diff %j is refused: %s', async (words, message, hint) => {
    const found = await ends(...words).catch((error: unknown) => error)
    expect(found).toMatchObject({ message, exit: 2 })
    expect((found as { hint: string }).hint).toMatch(hint)
  })

  test('the hint for an unknown revision in a shallow clone is to fetch more commits', async () => {
    const clone = path.join(repository.folder, 'clone')
    repository.git('clone', '-q', '--depth=1', `file://${repository.folder}`, clone)
    const located = await repositoryOf(host, path.join(clone, 'tasks.yaml'), 'tasks.yaml')
    const hint =
      'this clone has only the latest commits: git fetch --unshallow (GitHub Actions: fetch-depth: 0)'
    await expect(endsOf(host, located, ['HEAD~1'])).rejects.toMatchObject({ hint })
  })

  test('the hint for an unknown revision before the first commit says that there are no commits', async () => {
    const empty = newRepository()
    const located = await repositoryOf(host, path.join(empty.folder, 'tasks.yaml'), 'tasks.yaml')
    await expect(endsOf(host, located, [])).rejects.toMatchObject({
      message: 'unknown revision "HEAD"',
      hint: 'this repository has no commits yet',
    })
    empty.remove()
  })
})

describe('A missing repository', () => {
  test('a tasks file outside any git repository is refused', async () => {
    await expect(
      repositoryOf(host, path.join(os.tmpdir(), 'x.yaml'), 'x.yaml'),
    ).rejects.toMatchObject({
      message: 'x.yaml is not in a git repository',
      exit: 2,
    })
  })

  test('a machine without git is refused, with the hint to install it', async () => {
    const runProgram = async () => ({ ok: false, missing: true, stdout: '', stderr: '' })
    const without = { ...host, processes: { ...host.processes, runProgram } }
    const file = path.join(repository.folder, 'tasks.yaml')
    await expect(repositoryOf(without, file, 'tasks.yaml')).rejects.toMatchObject({
      message: 'git is not installed on this machine',
      hint: 'install git: torch reads revisions of the tasks file with it',
    })
  })
})
