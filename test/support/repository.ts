import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A real git repository in a temporary folder, independent of the git configuration of this machine. */
export interface Repository {
  readonly folder: string
  /** Writes a file and creates its folders. */
  write(name: string, text: string): string
  /** Commits everything and returns the hash. */
  commit(message: string): string
  /** Runs git and returns its output. Throws if it fails. */
  git(...args: readonly string[]): string
  remove(): void
}

/** Keeps git from reading the configuration of this machine. */
export const gitEnvironment = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }

const author = [
  '-c',
  'user.name=Ada',
  '-c',
  'user.email=ada@example.org',
  '-c',
  'commit.gpgsign=false',
]

/** Creates a repository with the branch `main` and no commit, in `folder` if it is given. */
export function newRepository(folder?: string): Repository {
  const own = folder ?? fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'torch-git-')))
  const git = (...args: readonly string[]): string => {
    const env = { ...process.env, ...gitEnvironment }
    const result = spawnSync('git', ['-C', own, ...author, ...args], { env, encoding: 'utf8' })
    if (result.status !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`)
    return result.stdout.trim()
  }
  fs.mkdirSync(own, { recursive: true })
  git('init', '-q', '-b', 'main')
  return {
    folder: own,
    git,
    write(name, text) {
      const file = path.join(own, name)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, text, { mode: 0o644 })
      return file
    },
    commit(message) {
      git('add', '--all')
      git('commit', '-q', '--allow-empty', '-m', message)
      return git('rev-parse', 'HEAD')
    },
    remove: () => fs.rmSync(own, { recursive: true, force: true }),
  }
}
