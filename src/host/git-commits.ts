import path from 'node:path'
import { type Git, gitIn, outputOf } from './git.ts'
import type { Host } from './host.ts'

/** Reading ten megabytes of an old pack on a slow disk takes its time; a person waits for it. */
const gitTimeoutMs = 30_000

/** What a partial clone left out is not fetched: that would run what its configuration names. */
const offline = ['protocol.allow=never']

/** Where a file or folder is in a repository, whether it is there now or not. */
export interface Located {
  readonly git: Git
  /** From the top of the repository, with `/` between; empty for the top itself. */
  readonly path: string
  /** A clone that has the last commits only. */
  readonly isShallow: boolean
}

/** Finds the repository of a file by its absolute path. */
export async function locateInGit(
  host: Host,
  file: string,
): Promise<Located | 'no-git' | 'no-repository'> {
  const isLink = host.files.readLink(file) !== undefined
  if (!isLink && isFolder(host, file)) return locate(host, file, '')
  const own = await locate(host, path.dirname(file), path.basename(file))
  const real = isLink ? host.files.realPath(file) : undefined
  if (real === undefined || own === 'no-git') return own
  // A link may be another one at another commit: it is followed there, unless it leads elsewhere.
  const meant = isFolder(host, real)
    ? await locate(host, real, '')
    : await locate(host, path.dirname(real), path.basename(real))
  if (typeof own === 'string') return meant
  return typeof meant === 'string' || own.top === meant.top ? own : meant
}

/** The hash of the commit that a revision names; undefined where there is none. Any text may be asked for. */
export async function commitOf({ git }: Located, revision: string): Promise<string | undefined> {
  if (revision.startsWith('-') || revision.includes('\0')) return undefined
  const verify = ['rev-parse', '--verify', '--end-of-options']
  const answer = await git([...verify, revision])
  // Of what is no revision it says so.
  if (!answer.ok && answer.stderr === '') outputOf(answer)
  const named = hashIn(answer.stdout)
  // Of a tag the commit; in two steps, because `:/text` takes all that follows for text.
  return named && hashIn((await git([...verify, `${named}^{commit}`])).stdout)
}

/** The last commit that both have in common; undefined where there is none here. */
export async function mergeBase(
  { git }: Located,
  one: string,
  other: string,
): Promise<string | undefined> {
  return hashIn((await git(['merge-base', one, other])).stdout)
}

async function locate(
  host: Host,
  folder: string,
  name: string,
): Promise<(Located & { readonly top: string }) | 'no-git' | 'no-repository'> {
  // The folder may be gone too.
  if (!isFolder(host, folder) && folder !== path.dirname(folder))
    return locate(host, path.dirname(folder), path.join(path.basename(folder), name))
  const git = gitIn(host, folder, { timeoutMs: gitTimeoutMs, config: offline })
  const { ok, missing, stdout } = await git([
    'rev-parse',
    '--is-shallow-repository',
    '--show-toplevel',
    '--show-prefix',
  ])
  if (missing) return 'no-git'
  const [shallow, top, prefix] = stdout.split('\n')
  if (!ok || top === undefined || prefix === undefined) return 'no-repository'
  const within = `${prefix}${name}`.replace(/\/$/, '')
  return { git, path: within, isShallow: shallow === 'true', top }
}

function isFolder(host: Host, file: string): boolean {
  return host.files.facts(file)?.kind === 'directory'
}

function hashIn(output: string): string | undefined {
  return /^[0-9a-f]{40,64}$/.exec(output.trim())?.[0]
}
