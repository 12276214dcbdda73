import path from 'node:path'
import { exitStatus, TorchError, messageOf } from '../../../errors.ts'
import { commitOf, type Located, locateInGit, mergeBase } from '../../../host/git-commits.ts'
import { refNames } from '../../../host/git.ts'
import type { Host } from '../../../host/host.ts'
import { nearest } from '../../../text/suggest.ts'
import { usageError } from '../../args/option.ts'

/** Of a repository with more branches and tags these are enough to guess from. */
const maxRefs = 2_000

/** One end of a comparison: a commit, or the file as it lies here. */
export type End = Commit | { readonly kind: 'working-copy' }

interface Commit {
  readonly kind: 'commit'
  /** As it was typed; its hash, where nobody typed it. */
  readonly revision: string
  readonly commit: string
}

/** What is compared with what. */
export interface Ends {
  readonly from: End
  readonly to: End
  /** As people call it. */
  readonly name: string
}

/** The repository of a tasks file. Throws where there is none, or no way to the file. */
export async function repositoryOf(host: Host, file: string, shown: string): Promise<Located> {
  const located = await locateInGit(host, file).catch((error: unknown) => {
    throw trouble(`${shown}: ${messageOf(error)}`, 'mend it, or name another with --tasks')
  })
  if (typeof located !== 'string') return located
  if (located === 'no-git') {
    const hint = 'install git: revisions of the tasks file are read with it'
    throw trouble('there is no git on this machine', hint)
  }
  const hint = 'name a file in one with --tasks; torch plan shows what a file means by itself'
  throw trouble(`${shown} is in no git repository`, hint)
}

/**
 * What is compared, as with git diff: nothing is HEAD and the working copy, one revision is that
 * and the working copy; `A..B` are two, and `A...B` B and the last that it has in common with A.
 * Throws for what is no revision.
 */
export async function endsOf(
  host: Host,
  located: Located,
  words: readonly string[],
): Promise<Ends> {
  const [first = 'HEAD', second] = words
  const range = words.map(rangeIn).find((found) => found !== undefined)
  if (range === undefined) {
    const from = await end(host, located, first)
    const to = second === undefined ? workingCopy : await end(host, located, second)
    return { from, to, name: `${nameOf(from)} -> ${nameOf(to)}` }
  }
  if (second !== undefined)
    throw usageError(
      `expected two revisions, or one range; got ${words.join(' ')}`,
      'torch diff A B',
    )
  const one = await end(host, located, range.from, first)
  const to = await end(host, located, range.to, first)
  const from = range.dots === '..' ? one : await common(located, one, to)
  return { from, to, name: `${first} (${shortOf(from)} -> ${shortOf(to)})` }
}

function nameOf(one: End): string {
  return one.kind === 'commit' ? `${one.revision} (${shortOf(one)})` : 'working copy'
}

/** Twelve digits, as in a status. */
function shortOf({ commit }: Commit): string {
  return commit.slice(0, 12)
}

const workingCopy = { kind: 'working-copy' } as const

/** A side that is not named is HEAD, as for git. No name of a revision has two dots in it. */
function rangeIn(word: string): { from: string; dots: string; to: string } | undefined {
  const [, from = '', dots = '', to = ''] = /^(.*?)(\.{2,3})(.*)$/s.exec(word) ?? []
  return dots === '' ? undefined : { from: from || 'HEAD', dots, to: to || 'HEAD' }
}

async function end(
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
  const hint = located.isShallow ? deepen : `two dots compare them as they are: torch diff ${dots}`
  throw trouble(`${one.revision} and ${other.revision} have no commit in common`, hint)
}

async function hintFor(host: Host, located: Located, typed: string): Promise<string> {
  if (host.files.facts(path.resolve(typed)) !== undefined)
    return `a tasks file is named by --tasks: torch diff --tasks ${typed}`
  const near = nearest(typed, await refNames(located.git, maxRefs))
  if (near !== undefined) return `did you mean "${near}"?`
  if (located.isShallow) return deepen
  return (await commitOf(located, 'HEAD')) === undefined
    ? 'this repository has no commit yet'
    : 'git log --oneline lists the commits, git branch --all the branches'
}

const deepen =
  'this clone has the last commits only: git fetch --unshallow (GitHub Actions: fetch-depth: 0)'

/** With 2, as diff(1) has it: with --exit-code 1 means that there is a change. */
function trouble(message: string, hint: string): TorchError {
  return new TorchError('no-revision', message, { exit: exitStatus.usage, hint })
}
