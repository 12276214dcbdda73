import path from 'node:path'
import { type AtCommit, type Located, lookAt, namesIn, readTexts } from '../../host/git-commits.ts'
import type { Host } from '../../host/host.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import { fileProblem } from './bad-tasks.ts'
import { parse, type Parsed } from './parse.ts'
import {
  emptyFolder,
  isTasksFile,
  tooLargeFile,
  tooLargeFolder,
  type Unreadable,
} from './readable.ts'
import { boundsOfAnyMachine } from '../../tasks/machine-bounds.ts'

/** A file of a commit: its path in the repository, and the hash of its content. */
interface CommittedFile {
  readonly path: string
  readonly hash: string
}

/**
 * Loads a tasks file or directory as it is in a commit, and nothing else of this machine. The result
 * for a bad file includes what can be read of it. undefined if the commit has no such file. Problems
 * show the path after the name of the `revision`. Throws if git fails.
 */
export async function loadRevision(
  host: Host,
  located: Located,
  { commit, revision, tasks }: { commit: string; revision: string; tasks: string },
): Promise<Parsed | undefined> {
  const shown = (file: string): string => `${revision}:${file}`
  const [found = { kind: 'absent' }] = await lookAt(located, commit, [located.path])
  if (found.kind === 'absent') return undefined
  const files =
    found.kind === 'folder'
      ? await filesIn(located, commit, found.hash)
      : fileAt(located.path, found)
  if ('message' in files) {
    const { at = located.path, message, hint } = files
    return { file: undefined, problems: [fileProblem(shown(at), message, hint)] }
  }
  const contents = await readTexts(
    located,
    files.map(({ hash }) => hash),
  )
  const texts = files.map((file, at) => ({ path: shown(file.path), text: contents[at] ?? '' }))
  const facts = {
    zone: host.clock.zone(),
    ignoredZone: host.clock.ignoredZone(),
    host: host.network.name(),
    machine: { names: [], addresses: [] },
    bounds: boundsOfAnyMachine,
    mayChangeUser: true,
    folder: found.kind === 'folder' ? tasks : path.dirname(tasks),
  }
  const job = { texts, facts, fileOnly: true, allowPartial: true }
  return parse(host, shown(located.path), job)
}

/** Why something in a commit is not read. `at`: the file in a directory, if it is only this one. */
type UnreadableCommit = Unreadable & { readonly at?: string }

async function filesIn(
  located: Located,
  commit: string,
  folder: string,
): Promise<CommittedFile[] | UnreadableCommit> {
  const names = (await namesIn(located, folder)).filter(isTasksFile)
  if (names.length === 0) return emptyFolder
  const paths = names.map((name) => (located.path === '' ? name : `${located.path}/${name}`))
  const files: CommittedFile[] = []
  let bytes = 0
  for (const [at, found] of (await lookAt(located, commit, paths)).entries()) {
    const checked = fileAt(paths[at] ?? '', found)
    if ('message' in checked) return { ...checked, at: paths[at] ?? '' }
    files.push(...checked)
    bytes += found.kind === 'file' ? found.bytes : 0
  }
  return bytes > maxFileBytes ? tooLargeFolder(bytes) : files
}

function fileAt(file: string, found: AtCommit): CommittedFile[] | UnreadableCommit {
  switch (found.kind) {
    case 'file':
      return found.bytes > maxFileBytes
        ? tooLargeFile(found.bytes)
        : [{ path: file, hash: found.hash }]
    case 'folder':
      return { message: 'is a directory, not a file' }
    case 'absent':
      return { message: 'is not there' }
    case 'link':
      return { message: `is a link to ${found.target}, which is not in that revision` }
    case 'left-out':
      return {
        message: 'its content is not in this clone',
        hint: 'to fetch it, run: git show REVISION:FILE',
      }
  }
}
