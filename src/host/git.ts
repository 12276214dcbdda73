import path from 'node:path'
import type { Host } from './host.ts'
import type { ProgramOptions, ProgramResult } from './programs.ts'

/** The folder with the `.git` of a file, and whether torch reads it. */
export type Repository =
  | {
      readonly kind: 'trusted'
      /** Without links. */
      readonly top: string
      /** Every part of it belongs to the user of this process, so git accepts it by itself. */
      readonly isOurs: boolean
    }
  /** `uid` is neither root, nor this user, nor the owner of the file. */
  | { readonly kind: 'foreign'; readonly top: string; readonly uid: number }

/**
 * Finds the repository of a file or folder that need not exist. Whoever owns a repository decides what
 * git reads there, so git is only asked about one whose top folder and `.git` belong to root, to the user
 * of this process, or to the owner of the file. The search
 * begins at `from` and leads upwards. Throws if a folder on the way cannot be examined.
 */
export function findRepository(host: Host, file: string, from = file): Repository | undefined {
  const owner = host.files.facts(file)?.uid
  let folder = nearestFolder(host, from)
  for (;;) {
    const parts = partsOf(host, folder)
    if (parts !== undefined) return judge(host, folder, parts, owner)
    if (folder === path.dirname(folder)) return undefined
    folder = path.dirname(folder)
  }
}

function nearestFolder(host: Host, file: string): string {
  const real = host.files.realPath(file)
  if (real !== undefined && host.files.facts(real)?.kind === 'directory') return real
  return file === '/' ? file : nearestFolder(host, path.dirname(file))
}

function judge(
  host: Host,
  top: string,
  parts: readonly number[],
  owner: number | undefined,
): Repository {
  const { uid: own } = host.processes
  const foreign = parts.find((uid) => uid !== 0 && uid !== own && uid !== owner)
  if (foreign !== undefined) return { kind: 'foreign', top, uid: foreign }
  return { kind: 'trusted', top, isOurs: parts.every((uid) => uid === own) }
}

/** A `.git` that is a file has one line. */
const maxGitFileBytes = 16_384

/**
 * The owners of everything that makes a folder the top of a repository; undefined if it is none. In a
 * linked worktree or a submodule `.git` is a file that names a folder, and that may name another.
 * https://git-scm.com/docs/gitrepository-layout
 */
function partsOf(host: Host, folder: string): number[] | undefined {
  const { files } = host
  const entry = path.join(folder, '.git')
  const target = files.facts(entry)
  if (target === undefined) return undefined
  let gitFolder = entry
  if (target.kind === 'file') {
    const [, named] = /^gitdir: (.+)$/m.exec(lineIn(host, entry)) ?? []
    if (named === undefined) return undefined
    gitFolder = path.resolve(folder, named)
  } else if (files.facts(path.join(entry, 'HEAD')) === undefined) return undefined
  const common = path.resolve(gitFolder, lineIn(host, path.join(gitFolder, 'commondir')))
  return [
    files.facts(folder),
    files.entryFacts(entry),
    target,
    ...[gitFolder, common].map((each) => files.facts(each)),
  ].flatMap((facts) => facts?.uid ?? [])
}

function lineIn(host: Host, file: string): string {
  const text = host.files.readFile(file, maxGitFileBytes)?.toString('utf8') ?? ''
  return text.replace(/[\r\n]+$/, '')
}

/** The newest branches and tags of the repository of a file, at most `limit`; none outside a repository. */
export async function gitNames(host: Host, file: string, limit: number): Promise<string[]> {
  const repository = findRepository(host, file)
  if (repository?.kind !== 'trusted') return []
  return refNames(gitIn(host, repository, { timeoutMs: 3_000 }), limit)
}

/** The names of the newest branches, including remote ones, and tags, at most `limit`. */
export async function refNames(git: Git, limit: number): Promise<string[]> {
  const form = ['--sort=-creatordate', `--count=${limit}`, '--format=%(refname:short)']
  const kinds = ['refs/heads', 'refs/remotes', 'refs/tags']
  const { ok, stdout } = await git(['for-each-ref', ...form, ...kinds])
  return ok ? stdout.split('\n').filter((name) => name !== '') : []
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

/**
 * Asks git about a repository. Nothing that the repository configures is executed: torch only uses commands
 * that read objects and names, and these settings close what would still lead to another program. git also
 * checks the owner itself, unless the repository belongs to the owner of the tasks file.
 */
export function gitIn(
  host: Pick<Host, 'processes'>,
  { top, isOurs }: Extract<Repository, { kind: 'trusted' }>,
  { timeoutMs }: { readonly timeoutMs: number },
): Git {
  const settings = isOurs ? safety : [...safety, `safe.directory=${top}`]
  const options = ['--no-pager', ...settings.flatMap((setting) => ['-c', setting]), '-C', top]
  return (args, more = {}) =>
    host.processes.runProgram('git', [...options, ...args], {
      ...more,
      timeoutMs,
      env: environmentIn(top),
    })
}

const safety = [
  // git takes any folder with HEAD, objects and refs for a repository, so one could be planted in /tmp.
  'safe.bareRepository=explicit',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.attributesFile=/dev/null',
]

function environmentIn(top: string): Record<string, string | undefined> {
  // In a hook some of them name the repository of the hook; others name programs, or files to write.
  const inherited = Object.keys(process.env).filter((name) => name.startsWith('GIT_'))
  return {
    ...Object.fromEntries(inherited.map((name) => [name, undefined])),
    // After sudo, git would also trust what belongs to the user before sudo, and read the settings in
    // that user's home.
    SUDO_UID: undefined,
    HOME: undefined,
    XDG_CONFIG_HOME: undefined,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    // Not above the top: another repository may lie there.
    GIT_CEILING_DIRECTORIES: path.dirname(top),
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    // A clone may lack objects. To fetch them, git would run programs that the repository names. An empty
    // list allows no protocol, and wins over all settings: https://git-scm.com/docs/git#Documentation/git.txt-codeGITALLOWPROTOCOLcode
    GIT_ALLOW_PROTOCOL: '',
    GIT_NO_LAZY_FETCH: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  }
}
