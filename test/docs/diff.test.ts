import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../../src/cli/args/command-line.ts'
import { gitEnvironment, newRepository } from '../support/repository.ts'
import { closeSites, newSite } from '../support/torch.ts'
import { blockOf } from './pages.ts'
import { installTorch, shell } from './shell.ts'

afterEach(closeSites)

const textOf = (language: string) => blockOf('docs/review.md', language)
const file = blockOf('docs/tasks-file.md', 'yaml')

test('torch diff prints what the page shows for an edit of the tasks file', async () => {
  const site = newSite()
  installTorch(site)
  const repository = newRepository(site.folder)
  repository.write('tasks.yaml', file)
  repository.commit('The file above')
  const edited = file
    .replace('30 2 ', '15 3 ')
    .replace('2.11]', '2.11, 10.0.2.12]')
    .replace('pg_dump app >', 'pg_dump app | zstd >')
    .replace(').sql"', ').sql.zst"')
    .replace('rotate-tokens', 'rotate')
  const added = `  clean-up:
    schedule: "0 4 * * *"
    command: find /srv/app/tmp -mtime +7 -delete
    hosts: [web]
`
  repository.write('tasks.yaml', edited + added)
  const { stdout } = await shell(site, 'torch diff')
  expect(withoutMoment(stdout)).toBe(withoutMoment(textOf('text diff')))
})

/** The commit, and the first of all busiest seconds, which depends on the time of the day. */
function withoutMoment(text: string): string {
  return text.replace(/\([0-9a-f]{12}\)/, '(COMMIT)').replace(/1 at [\d:]+ ->/, '1 at TIME ->')
}

test('the git hook of the page shows what is pushed, and stops a file that is not valid', () => {
  const site = newSite()
  installTorch(site)
  const repository = newRepository(path.join(site.folder, 'here'))
  repository.write('tasks.yaml', file)
  repository.commit('one')
  repository.git('clone', '-q', '--bare', repository.folder, path.join(site.folder, 'origin'))
  repository.git('remote', 'add', 'origin', path.join(site.folder, 'origin'))
  repository.git('fetch', '-q', 'origin')
  repository.git('switch', '-q', '-c', 'work')
  fs.writeFileSync(path.join(repository.folder, '.git/hooks/pre-push'), textOf('bash'), {
    mode: 0o755,
  })
  const push = (text: string) => {
    repository.write('tasks.yaml', text)
    repository.commit('an edit')
    const env = {
      ...process.env,
      ...gitEnvironment,
      PATH: `${site.folder}/bin:${process.env['PATH']}`,
      HOME: site.folder,
      TORCH_HOME: site.home,
    }
    return spawnSync('git', ['-C', repository.folder, 'push', '-q', 'origin', 'work'], {
      env,
      encoding: 'utf8',
    })
  }
  const good = push(file.replace('timeout: 8s', 'timeout: 9s'))
  expect(good.stdout).toContain('\n~ rotate-tokens\n    timeout: 8s -> 9s\n')
  expect(good.status).toBe(0)
  const bad = push(file.replace('timeout: 8s', 'timeout: 8'))
  expect(bad.stderr).toMatch(/^HEAD:tasks\.yaml:12:5: tasks\.rotate-tokens\.timeout: /)
  expect(bad.status).not.toBe(0)
  expect(push(file)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('no change in meaning') as string,
  })
})

describe('the GitHub workflow of the page', () => {
  const workflow = parse(textOf('yaml workflow')) as {
    jobs: { review: { steps: { run?: string; uses?: string; with?: Record<string, unknown> }[] } }
  }
  const { steps } = workflow.jobs.review

  test('the GitHub workflow fetches the commits that torch diff compares', () => {
    expect(steps[0]).toEqual({ uses: 'actions/checkout@v4', with: { 'fetch-depth': 0 } })
  })

  test('the GitHub workflow calls torch with commands and options that exist', async () => {
    const calls = [
      ...textOf('yaml workflow').matchAll(/torch ((?:validate|diff) .*?)(?: > .*)?$/gm),
    ]
    expect(calls).toHaveLength(2)
    for (const [, words = ''] of calls) {
      const typed = words.replaceAll('"', '').replace('$BASE', 'main').split(' ')
      expect(parseCommandLine(typed).kind).toBe('call')
    }
  })

  test('the GitHub workflow puts no text of a pull request into a shell', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{')
  })
})
