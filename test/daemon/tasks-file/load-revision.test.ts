import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadRevision } from '../../../src/daemon/tasks-file/load-revision.ts'
import { isLocated, locateInGit } from '../../../src/host/git-commits.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { problemLine } from '../../../src/tasks/file/problem.ts'
import { newRepository, type Repository } from '../../support/repository.ts'

const host = thisMachine()
let repository: Repository
beforeEach(() => {
  repository = newRepository()
})
afterEach(() => repository.remove())

const at = (name: string) => path.join(repository.folder, name)
const task = (name: string, more = '') => `  ${name}: { schedule: "@daily", command: x${more} }\n`

/** The file at HEAD: names of its tasks, and its problems. */
async function load(name: string) {
  const located = await locateInGit(host, at(name))
  if (!isLocated(located)) throw new Error(JSON.stringify(located))
  const revision = { commit: 'HEAD', revision: 'HEAD', tasks: at(name) }
  const loaded = await loadRevision(host, located, revision)
  if (loaded === undefined) return undefined
  return {
    tasks: loaded.file?.tasks.map((each) => each.name),
    left: loaded.partial?.file.tasks.map((each) => each.name),
    problems: loaded.problems.map(problemLine),
  }
}

describe('the tasks of a commit', () => {
  test('a file of a commit needs neither its env_file nor its user on this machine', async () => {
    repository.write(
      'ops/tasks.yaml',
      `tasks:\n${task('a', ', user: nobody, env_file: none, cwd: app')}`,
    )
    repository.commit('one')
    fs.rmSync(at('ops'), { recursive: true })
    const located = await locateInGit(host, at('ops/tasks.yaml'))
    if (!isLocated(located)) throw new Error(JSON.stringify(located))
    const revision = { commit: 'HEAD', revision: 'HEAD', tasks: at('ops/tasks.yaml') }
    const loaded = await loadRevision(host, located, revision)
    expect(loaded?.file?.tasks[0]).toMatchObject({ cwd: at('ops/app'), user: 'nobody' })
  })

  test('a calendar of a commit has the days of that commit, and one outside of it those of today', async () => {
    const outside = `${repository.folder}.dates`
    fs.writeFileSync(outside, '12-31\n')
    try {
      repository.write(
        'ops/tasks.yaml',
        `calendars: { fair: { file: ../days/fair }, far: { file: ${outside} } }\ntasks:\n${task('a', ', except: [fair, far]')}`,
      )
      repository.write('days/fair', '12-25\n')
      repository.commit('one')
      repository.write('days/fair', '12-26\n')
      const located = await locateInGit(host, at('ops/tasks.yaml'))
      if (!isLocated(located)) throw new Error(JSON.stringify(located))
      const revision = { commit: 'HEAD', revision: 'HEAD', tasks: at('ops/tasks.yaml') }
      const loaded = await loadRevision(host, located, revision)
      expect(loaded?.file?.tasks[0]?.when?.calendars).toEqual({ fair: ['12-25'], far: ['12-31'] })
    } finally {
      fs.rmSync(outside)
    }
  })

  test('a directory of a commit gives the same files as on disk, in the same order', async () => {
    repository.write('ops/b.yml', `tasks:\n${task('b')}`)
    repository.write('ops/B.yaml', `tasks:\n${task('first')}`)
    repository.write('ops/.hidden.yaml', 'tasks: [')
    repository.write('ops/readme.md', 'no tasks')
    repository.write('ops/deeper/c.yaml', 'tasks: [')
    fs.symlinkSync('../shared.yaml', at('ops/z.yaml'))
    repository.write('shared.yaml', `tasks:\n${task('shared')}`)
    repository.commit('one')
    expect(await load('ops')).toEqual({
      tasks: ['first', 'b', 'shared'],
      left: undefined,
      problems: [],
    })
  })

  test('a bad file of a commit gives its readable tasks, and problems with places in the revision', async () => {
    repository.write('ops/tasks.yaml', `tasks:\n${task('a')}${task('b', ', max: x')}`)
    repository.commit('one')
    expect(await load('ops/tasks.yaml')).toEqual({
      tasks: undefined,
      left: ['a'],
      problems: [
        'HEAD:ops/tasks.yaml:3:40: tasks.b.max: expected a whole number of at least 1, or "unlimited"; got "x"',
      ],
    })
  })
})

describe('what a commit does not have', () => {
  test.each([
    ['none.yaml', undefined],
    ['empty', 'HEAD:empty: this directory contains no *.yaml or *.yml file'],
    [
      'dangling.yaml',
      'HEAD:dangling.yaml: is a link to HEAD:dangling.yaml, which is not in that revision',
    ],
    ['out.yaml', 'HEAD:out.yaml: is a link to /etc/passwd, which is not in that revision'],
    ['odd', 'HEAD:odd/folder.yaml: is a directory, not a file'],
    [
      'broken',
      'HEAD:broken/a.yaml: is a link to HEAD:broken/a.yaml, which is not in that revision',
    ],
    ['large.yaml', 'HEAD:large.yaml: has 10000001 bytes; torch reads at most 10000000'],
    ['many', 'HEAD:many: its files have 10000002 bytes together; torch reads at most 10000000'],
  ])('%s of a commit is one clear error', async (name, problem) => {
    repository.write('empty/readme', '')
    repository.write('odd/folder.yaml/x', '')
    fs.symlinkSync('gone', at('dangling.yaml'))
    fs.symlinkSync('/etc/passwd', at('out.yaml'))
    fs.mkdirSync(at('broken'))
    fs.symlinkSync('gone', at('broken/a.yaml'))
    if (name === 'large.yaml') repository.write(name, '#'.repeat(10_000_001))
    for (const part of name === 'many' ? ['a', 'b'] : [])
      repository.write(`many/${part}.yaml`, '#'.repeat(5_000_001))
    repository.commit('one')
    const found = await load(name)
    if (problem === undefined) expect(found).toBeUndefined()
    else expect(found).toEqual({ tasks: undefined, left: undefined, problems: [problem] })
  })
})
