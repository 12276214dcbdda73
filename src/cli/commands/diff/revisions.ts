import path from 'node:path'
import { loadRevision } from '../../../daemon/tasks-file/load-revision.ts'
import { loadTasks } from '../../../daemon/tasks-file/load.ts'
import { exitStatus, TorchError, messageOf } from '../../../errors.ts'
import {
  commitOf,
  isLocated,
  type Located,
  locateInGit,
  mergeBase,
} from '../../../host/git-commits.ts'
import { refNames } from '../../../host/git.ts'
import type { Host } from '../../../host/host.ts'
import type { Commit, End, Ends, Side } from '../../../forecast/diff/comparison.ts'
import type { PartialTasks } from '../../../tasks/file/partial.ts'
import { noFileNotify } from '../../../tasks/notify.ts'
import { nearest } from '../../../text/suggest.ts'
import { type FilePath, usageError } from '../../args/option.ts'

/** How many branches and tags are read to suggest one. */
const maxRefs = 2_000

/** The repository of a tasks file. Throws if there is none, or if the file cannot be read. */
export async function repositoryOf(host: Host, file: string, shown: string): Promise<Located> {
  const located = await locateInGit(host, file).catch((error: unknown) => {
    throw trouble(`${shown}: ${messageOf(error)}`, 'fix the file, or name another one with --tasks')
  })
  if (isLocated(located)) return located
  if (located === 'no-git') {
    const hint = 'install git: torch reads revisions of the tasks file with it'
    throw trouble('git is not installed on this machine', hint)
  }
  if (located !== 'no-repository') {
    const hint = `run torch as that user; torch only asks git about repositories of root, of its own user, and of the owner of the tasks file`
    throw trouble(
      `the repository ${located.top} belongs to another user (uid ${located.uid})`,
      hint,
    )
  }
  const hint = 'name a file in a repository with --tasks; torch plan shows a single file'
  throw trouble(`${shown} is not in a git repository`, hint)
}

/**
 * Chooses what to compare, as git diff does: without revisions, HEAD with the working copy; with
 * one, that with the working copy; `A..B`, A with B; `A...B`, B with the last commit that it shares
 * with A. Throws for an unknown revision.
 */
export async function endsOf(
  host: Host,
  located: Located,
  words: readonly string[],
): Promise<Ends> {
  const [first = 'HEAD', second] = words
  const range = words.map(rangeIn).find((found) => found !== undefined)
  if (range === undefined) {
    const from = await commitEnd(host, located, first)
    const to = second === undefined ? workingCopy : await commitEnd(host, located, second)
    return { from, to, name: `${nameOf(from)} -> ${nameOf(to)}` }
  }
  if (second !== undefined)
    throw usageError(
      `expected two revisions, or one range; got ${words.join(' ')}`,
      'torch diff A B',
    )
  const one = await commitEnd(host, located, range.from, first)
  const to = await commitEnd(host, located, range.to, first)
  const from = range.dots === '..' ? one : await common(located, one, to)
  return { from, to, name: `${first} (${shortOf(from)} -> ${shortOf(to)})` }
}

/** Reads the tasks file at one end. Throws if git fails. */
export async function sideOf(
  host: Host,
  located: Located,
  file: FilePath,
  end: End,
): Promise<Side> {
  const loaded = await load(host, located, file, end)
  if (loaded === undefined)
    return { end, isThere: false, isValid: true, tasks: whole(emptyFile), problems: [] }
  const isValid = loaded.file !== undefined
  return {
    end,
    isThere: true,
    isValid,
    tasks: loaded.file === undefined ? loaded.partial : whole(loaded.file),
    problems: isValid ? [] : loaded.problems,
  }
}

async function load(host: Host, located: Located, { absolute, shown }: FilePath, end: End) {
  if (end.kind === 'commit') {
    const { commit, revision } = end
    return loadRevision(host, located, { commit, revision, tasks: absolute })
  }
  if (host.files.facts(absolute) === undefined) return undefined
  return loadTasks(host, absolute, { shown, fileOnly: true, allowPartial: true })
}

const emptyFile = { tasks: [], groups: {}, notify: noFileNotify }

function whole(file: PartialTasks['file']): PartialTasks {
  return { file, unreadable: [], unreadableGroups: [] }
}

function nameOf(one: End): string {
  return one.kind === 'commit' ? `${one.revision} (${shortOf(one)})` : 'working copy'
}

/** Twelve digits, as torch status shows it. */
function shortOf({ commit }: Commit): string {
  return commit.slice(0, 12)
}

const workingCopy = { kind: 'working-copy' } as const

/** An empty side means HEAD, as in git. A revision name never contains two dots. */
function rangeIn(word: string): { from: string; dots: string; to: string } | undefined {
  const [, from = '', dots = '', to = ''] = /^(.*?)(\.{2,3})(.*)$/s.exec(word) ?? []
  return dots === '' ? undefined : { from: from || 'HEAD', dots, to: to || 'HEAD' }
}

async function commitEnd(
  host: Host,
  located: Located,
  revision: string,
  typed = revision,
): Promise<Commit> {
  const commit = await commitOf(located, revision)
  if (commit !== undefined) return { kind: 'commit', revision, commit }
  throw trouble(`unknown revision ${JSON.stringify(revision)}`, await hintFor(host, located, typed))
}

async function common(located: Located, one: Commit, other: Commit): Promise<Commit> {
  const commit = await mergeBase(located, one.commit, other.commit)
  if (commit !== undefined) return { kind: 'commit', revision: commit.slice(0, 12), commit }
  const dots = `${one.revision}..${other.revision}`
  const hint = located.isShallow
    ? deepen
    : `compare them directly, with two dots: torch diff ${dots}`
  throw trouble(`${one.revision} and ${other.revision} share no commit`, hint)
}

async function hintFor(host: Host, located: Located, typed: string): Promise<string> {
  if (host.files.facts(path.resolve(typed)) !== undefined)
    return `to name a tasks file, use --tasks: torch diff --tasks ${typed}`
  const near = nearest(typed, await refNames(located.git, maxRefs))
  if (near !== undefined) return `did you mean "${near}"?`
  if (located.isShallow) return deepen
  return (await commitOf(located, 'HEAD')) === undefined
    ? 'this repository has no commits yet'
    : 'git log --oneline lists the commits, git branch --all the branches'
}

const deepen =
  'this clone has only the latest commits: git fetch --unshallow (GitHub Actions: fetch-depth: 0)'

/** Exit status 2, as in diff(1): with --exit-code, 1 means that there is a change. */
function trouble(message: string, hint: string): TorchError {
  return new TorchError('no-revision', message, { exit: exitStatus.usage, hint })
}
