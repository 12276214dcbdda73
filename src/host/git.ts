import path from 'node:path'
import type { Host } from './host.ts'
import type { ProgramOptions, ProgramResult } from './programs.ts'

/** Loading a tasks file must not wait longer for a repository on a slow disk. */
const gitTimeoutMs = 3_000

/**
 * The revision of a file, `4f2a91c` or `4f2a91c-dirty`; null outside a repository, without git, or
 * before the first commit. Runs no hook and writes nothing into the repository.
 */
export async function gitRevision(host: Host, file: string): Promise<string | null> {
  const real = realOf(host, file)
  const git = gitIn(host, path.dirname(real), { timeoutMs: gitTimeoutMs })
  const what = ['--porcelain=v2', '--branch', '--no-ahead-behind', '--ignored']
  const { ok, stdout } = await git(['status', ...what, '--', path.basename(real)])
  // Lines that begin with # are about the branch, all others are about the file.
  const [, commit] = /^# branch\.oid ([0-9a-f]{12})/m.exec(stdout) ?? []
  if (!ok || commit === undefined) return null
  return /^[^#]/m.test(stdout) ? `${commit}-dirty` : commit
}

/** The newest branches and tags of the repository of a file, at most `limit`; none outside a repository. */
export async function gitNames(host: Host, file: string, limit: number): Promise<string[]> {
  const folder = path.dirname(realOf(host, file))
  return refNames(gitIn(host, folder, { timeoutMs: gitTimeoutMs }), limit)
}

/** The names of the newest branches, including remote ones, and tags, at most `limit`. */
export async function refNames(git: Git, limit: number): Promise<string[]> {
  const form = ['--sort=-creatordate', `--count=${limit}`, '--format=%(refname:short)']
  const kinds = ['refs/heads', 'refs/remotes', 'refs/tags']
  const { ok, stdout } = await git(['for-each-ref', ...form, ...kinds])
  return ok ? stdout.split('\n').filter((name) => name !== '') : []
}

/** A link that leads in a circle or through an unreadable folder stays as it is. */
function realOf(host: Host, file: string): string {
  try {
    return host.files.realPath(file) ?? file
  } catch {
    return file
  }
}

/** git could not answer, so nothing is known about what was asked. */
export class GitFailure extends Error {}

/** The output of git. Throws a GitFailure if git failed. */
export function outputOf({ ok, stdout, stderr }: ProgramResult): string {
  if (ok) return stdout
  const [reason = ''] = stderr.split('\n')
  throw new GitFailure(reason === '' ? 'git did not answer in time' : `git: ${reason}`)
}

export type Git = (
  args: readonly string[],
  more?: Omit<ProgramOptions, 'env' | 'timeoutMs'>,
) => Promise<ProgramResult>

/** Runs git in a folder, without a shell, a prompt, a lock or a hook. `config` are settings for `git -c`. */
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

/** A root daemon reads a checkout of another user. That is safe, because it runs the tasks of that checkout anyway. */
const safety = ['safe.directory=*', 'core.fsmonitor=false']

const environment = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  LC_ALL: 'C',
  // In a hook these name the repository of the hook, relative to another folder.
  // https://git-scm.com/docs/githooks
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_PREFIX: undefined,
}
