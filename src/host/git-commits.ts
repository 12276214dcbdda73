import path from 'node:path'
import { type Git, gitIn, outputOf } from './git.ts'
import type { Host } from './host.ts'
import type { ProgramResult } from './programs.ts'

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

/** What a commit has at a path. Links within the repository are followed. */
export type AtCommit =
  | { readonly kind: 'file'; readonly hash: string; readonly bytes: number }
  | { readonly kind: 'folder'; readonly hash: string }
  | { readonly kind: 'absent' }
  /** A link to nothing, to itself, or out of the repository. */
  | { readonly kind: 'link'; readonly target: string }
  /** Its content was left out of this clone: git clone --filter. */
  | { readonly kind: 'left-out' }

/** What a commit has at these paths, each from the top of the repository. */
export async function lookAt(
  { git }: Located,
  commit: string,
  paths: readonly string[],
): Promise<AtCommit[]> {
  // A line is a question: a name that holds a line break would be two.
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
      // Of what was left out git still knows that it is there.
      const { ok } = await git(['rev-parse', '--verify', '--quiet', `${commit}:${name}`])
      return ok ? ({ kind: 'left-out' } as const) : answer
    }),
  )
}

/** The names in a folder of a commit, sorted as those of a folder on disk. */
export async function namesIn({ git }: Located, folder: string): Promise<string[]> {
  const result = await git(['ls-tree', '--full-tree', '-z', '--name-only', folder], longOutput)
  return outputOf(result)
    .split('\0')
    .filter((name) => name !== '')
    .toSorted()
}

/** The texts of files, by their hashes: what was put into the repository, not run through any filter. */
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

/** Lengths are counted in bytes. */
const inBytes = { encoding: 'latin1' } as const
/** Twice what a tasks file may have: who asks for texts has looked at their sizes. */
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
