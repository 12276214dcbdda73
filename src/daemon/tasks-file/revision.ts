import { createHash } from 'node:crypto'
import path from 'node:path'
import { findRepository, type Git, gitIn } from '../../host/git.ts'
import type { Host } from '../../host/host.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import { isTasksFile } from './readable.ts'

/** Loading a tasks file must not wait longer for a repository on a slow disk. */
const gitTimeoutMs = 3_000

/**
 * The git revision of a tasks file or directory, `4f2a91c03b1e` or `4f2a91c03b1e-dirty`; null if it is not known:
 * outside a repository, in one of another user, without git, or before the first commit. It is dirty if the
 * last commit has not the same bytes. (`git status` would run the filters that the repository configures.)
 */
export async function tasksRevision(host: Host, tasks: string): Promise<string | null> {
  try {
    return await revisionOf(host, tasks)
  } catch {
    // A link that leads in a circle, an unreadable folder: loading the file reports it.
    return null
  }
}

/** When a revision was committed, in milliseconds since the epoch; null if that is not known, or if it is dirty. */
export async function commitTime(
  host: Host,
  tasks: string,
  revision: string | null,
): Promise<number | null> {
  try {
    const real = host.files.realPath(tasks)
    const repository = real === undefined ? undefined : findRepository(host, real)
    if (repository?.kind !== 'trusted' || revision === null || !/^[0-9a-f]+$/.test(revision))
      return null
    const git = gitIn(host, repository, { timeoutMs: gitTimeoutMs })
    // Not `git log`: the repository can configure programs that it runs.
    const { ok, stdout } = await git(['cat-file', 'commit', revision])
    const [, seconds] = /^committer .*> (\d+) [-+]\d+$/m.exec(stdout) ?? []
    return ok && seconds !== undefined ? Number(seconds) * 1000 : null
  } catch {
    return null
  }
}

async function revisionOf(host: Host, tasks: string): Promise<string | null> {
  const real = host.files.realPath(tasks)
  const repository = real === undefined ? undefined : findRepository(host, real)
  if (real === undefined || repository?.kind !== 'trusted') return null
  const git = gitIn(host, repository, { timeoutMs: gitTimeoutMs })
  const { ok, stdout } = await git(['rev-parse', '--show-toplevel', 'HEAD^{commit}'])
  const [, top, commit] = /^(.*)\n([0-9a-f]{40,64})\n$/s.exec(stdout) ?? []
  // A repository can say that its files are in another folder: core.worktree.
  if (!ok || commit === undefined || top !== repository.top) return null
  const revision = commit.slice(0, 12)
  const isClean = await isAsCommitted(host, { git, top, commit }, real)
  return isClean ? revision : `${revision}-dirty`
}

interface Commit {
  readonly git: Git
  readonly top: string
  readonly commit: string
}

/** Whether the commit has the same bytes under the same names. */
async function isAsCommitted(host: Host, commit: Commit, real: string): Promise<boolean> {
  if (host.files.facts(real)?.kind !== 'directory') {
    const { name, entries } = await listed(commit, real, '')
    return isSame(host, entries.get(name), real)
  }
  const { name: folder, entries } = await listed(commit, real, '/')
  const inFolder = (name: string): string => (folder === '' ? name : `${folder}/${name}`)
  const names = host.files.list(real).filter(isTasksFile)
  const committed = [...entries.keys()].filter((name) => isTasksFile(path.posix.basename(name)))
  if (committed.length !== names.length) return false
  for (const name of names) {
    const file = path.join(real, name)
    if (!isSame(host, entries.get(inFolder(name)), file)) return false
    const target = host.files.readLink(file) === undefined ? undefined : host.files.realPath(file)
    // The link is the same, but it is the file behind it that torch reads.
    if (target !== undefined && !(await isAsCommitted(host, commit, target))) return false
  }
  return true
}

/** The hashes that the commit has at a path, or of what is in that folder (`slash`), by their paths. */
async function listed(
  { git, top, commit }: Commit,
  real: string,
  slash: '' | '/',
): Promise<{ readonly name: string; readonly entries: ReadonlyMap<string, string> }> {
  const name = path.relative(top, real)
  const paths = name === '' ? [] : ['--', name + slash]
  const { stdout } = await git(['ls-tree', '-z', '--full-tree', commit, ...paths], {
    maxOutputBytes: maxListBytes,
  })
  const entries = stdout.split('\0').map((entry) => entryOf(entry))
  return { name, entries: new Map(entries.filter((entry) => entry !== undefined)) }
}

/** A folder with a hundred thousand files. */
const maxListBytes = 20_000_000

/** https://git-scm.com/docs/git-ls-tree#_output_format */
function entryOf(entry: string): [name: string, hash: string] | undefined {
  const [, hash, name] = /^\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? []
  return hash === undefined || name === undefined ? undefined : [name, hash]
}

function isSame(host: Host, hash: string | undefined, file: string): boolean {
  if (hash === undefined) return false
  const link = host.files.readLink(file)
  const bytes = link === undefined ? host.files.readFile(file, maxFileBytes) : Buffer.from(link)
  return bytes !== undefined && blobHash(bytes, hash.length) === hash
}

/** As `git hash-object --no-filters` has it. A hash of 64 digits is one of the newer kind of repository. */
function blobHash(bytes: Buffer, digits: number): string {
  const hash = createHash(digits === 64 ? 'sha256' : 'sha1')
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
