import fs from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { gitEnvironment } from '../../../support/repository.ts'
import { closeSites } from '../../../support/torch.ts'
import { type History, newHistory } from './ten-edits.ts'

vi.setConfig({ testTimeout: 60_000 })

let history: History
beforeAll(() => {
  history = newHistory()
})
afterAll(closeSites)

describe('with the file as it lies here', () => {
  afterEach(() => fs.writeFileSync(history.file, history.last))

  test.each([
    ['as it is', () => history.last, 0, 'no change in meaning'],
    ['a comment', () => `${history.last}# The end.\n`, 0, 'no change in meaning'],
    ['a change', () => history.last.replace('max: 2', 'max: 3'), 1, '1 task changed'],
  ])('%s: --exit-code', async (_what, text, status, verdict) => {
    fs.writeFileSync(history.file, text())
    const ended = await history.diff('--exit-code')
    expect(ended).toMatchObject({ status, stderr: '' })
    expect(ended.stdout).toMatch(/^tasks\.yaml: HEAD \(.{12}\) -> working copy\n/)
    expect(ended.stdout.split('\n')[1]).toBe(verdict)
  })

  test('where it is wrong now: what can be read, and the problems', async () => {
    fs.writeFileSync(
      history.file,
      history.last.replace('max: 2', 'max: many').replace('gzip', 'zstd'),
    )
    const ended = await history.diff('--exit-code')
    expect(ended.status).toBe(2)
    expect(ended.stderr)
      .toBe(`tasks.yaml:15:5: tasks.consumer.max: expected a whole number of at least 1, or "unlimited"; got "many"
    max: many
    ^
`)
    expect(ended.stdout).toContain(
      'not compared, for what is wrong there: consumer\n1 task changed\n',
    )
    expect((await history.diff()).status).toBe(0)
    const { unreadable, problems, to } = await history.json()
    expect({ unreadable, problems, to }).toMatchObject({
      unreadable: ['consumer'],
      problems: [{ file: 'tasks.yaml', line: 15 }],
      to: { revision: null, commit: null, exists: true, valid: false },
    })
  })

  test('where it was wrong, and is not any more', async () => {
    history.repository.git('switch', '-q', '-c', 'wrong')
    fs.writeFileSync(history.file, history.last.replace('max: 2', 'max: many'))
    history.repository.commit('Wrong')
    fs.writeFileSync(history.file, history.last)
    const ended = await history.diff('--exit-code')
    history.repository.git('switch', '-q', '--force', 'main')
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/^HEAD:all\/tasks\.yaml:15:5: tasks\.consumer\.max: /)
    expect(ended.stdout).toContain('\ntasks.yaml is not valid in HEAD\n')
  })

  test('where it is gone', async () => {
    fs.rmSync(history.file)
    expect((await history.diff()).stdout).toContain(
      '\ntasks.yaml is not in the working copy: taken for a file without tasks\n4 tasks removed, 2 ',
    )
  })

  test('as a directory, from elsewhere, in a hook', async () => {
    fs.writeFileSync(history.file, history.last.replace('max: 2', 'max: 3'))
    history.repository.write('all/more.yml', 'tasks: { more: { type: daemon, command: more } }\n')
    const env = { ...gitEnvironment, GIT_DIR: '.git', GIT_INDEX_FILE: '.git/index' }
    const words = [
      'diff',
      '--tasks',
      path.join(history.repository.folder, 'all'),
      'HEAD~1',
      '--json',
    ]
    const { stdout } = await history.site.torchWith({ cwd: '/', env }, ...words)
    fs.rmSync(path.join(history.repository.folder, 'all/more.yml'))
    expect(JSON.parse(stdout)).toMatchObject({
      added: ['more'],
      removed: ['daily-report'],
      changed: [{ task: 'consumer', keys: { max: [2, 3] } }],
    })
  })
})

describe('what cannot be compared', () => {
  test.each([
    [['--json', '--markdown'], '--json does not go with --markdown', 'torch diff --markdown'],
    [
      ['v9'],
      'unknown revision "v9"',
      'git log --oneline lists the commits, git branch --all the branches',
    ],
    [
      ['HEAD~1', 'HEAD', '--tasks', 'none.yaml'],
      expect.stringMatching(
        /^none\.yaml is in neither of both: HEAD~1 \(.{12}\) -> HEAD \(.{12}\)$/,
      ) as string,
      'name the tasks file with --tasks',
    ],
    [
      ['--tasks', '/etc/hostname'],
      '/etc/hostname is in no git repository',
      'name a file in one with --tasks; torch plan shows what a file means by itself',
    ],
  ])('%j', async (words, message, hint) => {
    const { status, stdout, stderr } = await history.diff(...words)
    expect([status, stdout]).toEqual([2, ''])
    const [what, second] = stderr.split('\n')
    expect([what?.replace(/^torch: /, ''), second]).toEqual([message, `hint: ${hint}`])
  })

  test('what git does not answer: not taken for a file that is not there', async () => {
    const { site } = history
    const fake =
      '#!/bin/sh\ncase "$*" in *cat-file*) exit 1 ;; esac\nPATH=${PATH#*:} exec git "$@"\n'
    fs.chmodSync(site.write('fake/git', fake), 0o755)
    const env = { ...gitEnvironment, PATH: `${site.folder}/fake:${process.env['PATH']}` }
    const cwd = path.dirname(history.file)
    expect(await site.torchWith({ cwd, env }, 'diff', '--exit-code')).toMatchObject({
      status: 2,
      stdout: '',
      stderr:
        'torch: git gave no answer in time\nhint: try it by hand: git show HEAD:./tasks.yaml\n',
    })
  })
})
