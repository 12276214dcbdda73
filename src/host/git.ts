import path from 'node:path'
import type { Host } from './host.ts'

/** A repository on a slow disk must not hold up a load for longer. */
const gitTimeoutMs = 3_000

/**
 * The revision that a file is at, as `4f2a91c` or `4f2a91c-dirty`; null outside of a repository,
 * without git, or before the first commit. Runs no hook and writes nothing into the repository.
 */
export async function gitRevision(host: Host, file: string): Promise<string | null> {
  const real = host.files.realPath(file) ?? file
  const folder = path.dirname(real)
  const git = (...args: string[]) =>
    host.processes.runProgram('git', [...gitFlags, '-C', folder, ...args], {
      timeoutMs: gitTimeoutMs,
      env: { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
    })
  const [revision, status] = await Promise.all([
    git('rev-parse', '--short=12', 'HEAD'),
    git('status', '--porcelain', '--ignored', '--', path.basename(real)),
  ])
  if (!revision.ok || !status.ok) return null
  return revision.stdout.trim() + (status.stdout === '' ? '' : '-dirty')
}

/** A root daemon reads a checkout that belongs to somebody else; it already runs what stands in it. */
const gitFlags = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false']
