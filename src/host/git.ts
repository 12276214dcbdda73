import path from 'node:path'
import type { Host } from './host.ts'
import type { ProgramOptions, ProgramResult } from './programs.ts'

/** A repository on a slow disk must not hold up a load for longer. */
const gitTimeoutMs = 3_000

/**
 * The revision that a file is at, as `4f2a91c` or `4f2a91c-dirty`; null outside of a repository,
 * without git, or before the first commit. Runs no hook and writes nothing into the repository.
 */
export async function gitRevision(host: Host, file: string): Promise<string | null> {
  const real = realOf(host, file)
  const git = gitIn(host, path.dirname(real), { timeoutMs: gitTimeoutMs })
  const what = ['--porcelain=v2', '--branch', '--no-ahead-behind', '--ignored']
  const { ok, stdout } = await git(['status', ...what, '--', path.basename(real)])
  // Lines about the branch begin with #, and all others are about the file.
  const [, commit] = /^# branch\.oid ([0-9a-f]{12})/m.exec(stdout) ?? []
  if (!ok || commit === undefined) return null
  return /^[^#]/m.test(stdout) ? `${commit}-dirty` : commit
}

/**
 * The branches and tags of the repository that a file is in, at most so many, the ones last
 * committed to; none outside of a repository.
 */
export async function gitNames(host: Host, file: string, most: number): Promise<string[]> {
  const folder = path.dirname(realOf(host, file))
  return refNames(gitIn(host, folder, { timeoutMs: gitTimeoutMs }), most)
}

/** Names of branches, also of other repositories, and tags: the youngest so many. */
export async function refNames(git: Git, most: number): Promise<string[]> {
  const form = ['--sort=-creatordate', `--count=${most}`, '--format=%(refname:short)']
  const kinds = ['refs/heads', 'refs/remotes', 'refs/tags']
  const { ok, stdout } = await git(['for-each-ref', ...form, ...kinds])
  return ok ? stdout.split('\n').filter((name) => name !== '') : []
}

/** Links that lead in a circle, or through a folder that may not be read, are left as they are. */
function realOf(host: Host, file: string): string {
  try {
    return host.files.realPath(file) ?? file
  } catch {
    return file
  }
}

/** git could not answer at all: what was asked for may be there or not. */
export class GitFailure extends Error {}

/** What it said. Throws a GitFailure where it could not. */
export function outputOf({ ok, stdout, stderr }: ProgramResult): string {
  if (ok) return stdout
  const [words = ''] = stderr.split('\n')
  throw new GitFailure(words === '' ? 'git gave no answer in time' : `git: ${words}`)
}

export type Git = (
  args: readonly string[],
  more?: Omit<ProgramOptions, 'env' | 'timeoutMs'>,
) => Promise<ProgramResult>

/**
 * git as it runs in a folder: without a shell, a prompt, a lock or a hook. `config` are settings
 * as of `git -c`.
 */
export function gitIn(
  host: Pick<Host, 'processes'>,
  folder: string,
  { timeoutMs, config = [] }: { readonly timeoutMs: number; readonly config?: readonly string[] },
): Git {
  const settings = [...safety, ...config].flatMap((setting) => ['-c', setting])
  return (args, more = {}) =>
    host.processes.runProgram('git', [...settings, '-C', folder, ...args], {
      ...more,
      timeoutMs,
      env: environment,
    })
}

/** A root daemon reads a checkout that belongs to somebody else; it already runs what stands in it. */
const safety = ['safe.directory=*', 'core.fsmonitor=false']

const environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  LC_ALL: 'C',
  // Within a hook they name the repository of the hook, relative to a folder that is not ours.
  // https://git-scm.com/docs/githooks
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
}
