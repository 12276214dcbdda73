import path from 'node:path'
import { findRepository, type Git, gitIn, outputOf, type Repository } from './git.ts'
import type { Host } from './host.ts'
import type { ProgramResult } from './programs.ts'

/** A person waits for the answer, and a slow disk may need long for ten megabytes of an old pack. */
const gitTimeoutMs = 30_000

/** The place of a file or folder in a repository. It need not exist now. */
export interface Located {
  readonly git: Git
  /** Relative to the top of the repository, with `/`; empty for the top itself. */
  readonly path: string
  /** Whether the clone has only the last commits. */
  readonly isShallow: boolean
  readonly top: string
}

/** Why a file is in no repository that torch reads. */
type NotLocated = 'no-git' | 'no-repository' | Extract<Repository, { kind: 'foreign' }>

/** Finds the repository of a file by its absolute path. */
export async function locateInGit(host: Host, file: string): Promise<Located | NotLocated> {
  const isLink = host.files.readLink(file) !== undefined
  if (!isLink && isFolder(host, file)) return locate(host, file, '')
  const own = await locate(host, path.dirname(file), path.basename(file))
  const real = isLink ? host.files.realPath(file) : undefined
  if (real === undefined || own === 'no-git') return own
  // At another commit the link may point to another file. So it is followed there, unless it leads out of this
  // repository.
  const meant = isFolder(host, real)
    ? await locate(host, real, '')
    : await locate(host, path.dirname(real), path.basename(real))
  if (!isLocated(own)) return meant
  return !isLocated(meant) || own.top === meant.top ? own : meant
}

/** The hash of the commit that a revision names; undefined if there is none. The revision may be any text. */
export async function commitOf({ git }: Located, revision: string): Promise<string | undefined> {
  if (revision.startsWith('-') || revision.includes('\0')) return undefined
  const verify = ['rev-parse', '--verify', '--end-of-options']
  const answer = await git([...verify, revision])
  // git prints an error for an unknown revision, but not if it was killed.
  if (!answer.ok && answer.stderr === '') outputOf(answer)
  const named = hashIn(answer.stdout)
  // A tag leads to its commit. In two steps, because `:/text^{commit}` would search for that text.
  return named && hashIn((await git([...verify, `${named}^{commit}`])).stdout)
}

/** The last commit that both have in common; undefined if there is none. */
export async function mergeBase(
  { git }: Located,
  one: string,
  other: string,
): Promise<string | undefined> {
  return hashIn((await git(['merge-base', one, other])).stdout)
}

async function locate(host: Host, folder: string, name: string): Promise<Located | NotLocated> {
  // The folder itself may be gone.
  if (!isFolder(host, folder) && folder !== path.dirname(folder))
    return locate(host, path.dirname(folder), path.join(path.basename(folder), name))
  const real = host.files.realPath(folder) ?? folder
  const file = path.join(real, name)
  const repository = findRepository(host, file, real)
  if (repository?.kind !== 'trusted') return repository ?? 'no-repository'
  const git = gitIn(host, repository, { timeoutMs: gitTimeoutMs })
  const result = await git(['rev-parse', '--is-shallow-repository', '--show-toplevel'])
  if (result.missing) return 'no-git'
  const [shallow, top] = result.stdout.split('\n')
  // A repository can say that its files are in another folder: core.worktree.
  if (!result.ok || top !== repository.top) return 'no-repository'
  return { git, path: path.relative(top, file), isShallow: shallow === 'true', top }
}

/** Whether the file is in a repository that torch reads. */
export function isLocated(found: Located | NotLocated): found is Located {
  return typeof found !== 'string' && 'git' in found
}

function isFolder(host: Host, file: string): boolean {
  return host.files.facts(file)?.kind === 'directory'
}

function hashIn(output: string): string | undefined {
  return /^[0-9a-f]{40,64}$/.exec(output.trim())?.[0]
}

/** What a commit contains at a path. Links within the repository are followed. */
export type AtCommit =
  | { readonly kind: 'file'; readonly hash: string; readonly bytes: number }
  | { readonly kind: 'folder'; readonly hash: string }
  | { readonly kind: 'absent' }
  /** A link that leads nowhere, to itself, or out of the repository. */
  | { readonly kind: 'link'; readonly target: string }
  /** Its content is not in this clone: git clone --filter. */
  | { readonly kind: 'left-out' }

/** What a commit contains at each of these paths, relative to the top of the repository. */
export async function lookAt(
  { git }: Located,
  commit: string,
  paths: readonly string[],
): Promise<AtCommit[]> {
  // git reads one question from each line, so it cannot be asked about a name with a line break.
  const asked = paths.filter((name) => !name.includes('\n'))
  const input = asked.map((name) => `${commit}:${name}\n`).join('')
  const options = ['--batch-check', '--follow-symlinks']
  const result = await git(['cat-file', ...options], { ...inBytes, input })
  if (isLeftOut(result)) return paths.map(() => ({ kind: 'left-out' }))
  const answers = readAnswers(outputOf(result))
  const found = new Map(asked.map((name, index) => [name, answers[index]]))
  return Promise.all(
    paths.map(async (name) => {
      const answer = found.get(name) ?? absent
      if (answer.kind !== 'absent') return answer
      // For content that is not in this clone, git still knows the path.
      const verify = ['rev-parse', '--verify', '--quiet', '--end-of-options']
      const { ok } = await git([...verify, `${commit}:${name}`])
      return ok ? ({ kind: 'left-out' } as const) : answer
    }),
  )
}

/** The names in a folder of a commit, in the order of a folder on disk. */
export async function namesIn({ git }: Located, folder: string): Promise<string[]> {
  const result = await git(['ls-tree', '--full-tree', '-z', '--name-only', folder], longOutput)
  return outputOf(result)
    .split('\0')
    .filter((name) => name !== '')
    .toSorted()
}

/** The texts of files by their hashes, as they were committed: no filter changes them. */
export async function readTexts({ git }: Located, hashes: readonly string[]): Promise<string[]> {
  const input = hashes.map((hash) => `${hash}\n`).join('')
  const result = await git(['cat-file', '--batch'], { ...inBytes, ...longOutput, input })
  const stdout = outputOf(result)
  const texts: string[] = []
  for (let at = 0; texts.length < hashes.length;) {
    const head = lineAt(stdout, at)
    const bytes = Number(head.split(' ')[2])
    if (!Number.isInteger(bytes)) throw new Error(`git cat-file does not know ${head}`)
    const begin = at + head.length + 1
    texts.push(Buffer.from(stdout.slice(begin, begin + bytes), 'latin1').toString('utf8'))
    at = begin + bytes + 1
  }
  return texts
}

/** git counts lengths in bytes. */
const inBytes = { encoding: 'latin1' } as const
/** Twice the size that a tasks file may have. Callers check the sizes before they ask for texts. */
const longOutput = { maxOutputBytes: 20_000_000 } as const
const absent: AtCommit = { kind: 'absent' }

function isLeftOut({ ok, stderr }: ProgramResult): boolean {
  return !ok && stderr.includes('promisor')
}

/** https://git-scm.com/docs/git-cat-file#_batch_output */
function readAnswers(output: string): AtCommit[] {
  const answers: AtCommit[] = []
  for (let at = 0; at < output.length;) {
    const line = lineAt(output, at)
    at += line.length + 1
    const [, hash = '', type, size] = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(line) ?? []
    const [, length] = /^(?:symlink|dangling|loop|notdir) (\d+)$/.exec(line) ?? []
    if (type === 'blob') answers.push({ kind: 'file', hash, bytes: Number(size) })
    else if (type === 'tree') answers.push({ kind: 'folder', hash })
    else if (length === undefined) answers.push(absent)
    else {
      const target = Buffer.from(output.slice(at, at + Number(length)), 'latin1').toString('utf8')
      at += Number(length) + 1
      answers.push(line.startsWith('notdir') ? absent : { kind: 'link', target })
    }
  }
  return answers
}

function lineAt(output: string, at: number): string {
  const end = output.indexOf('\n', at)
  return output.slice(at, end === -1 ? output.length : end)
}
