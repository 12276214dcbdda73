import path from 'node:path'
import { type AtCommit, type Located, lookAt, namesIn, readTexts } from '../../host/git-commits.ts'
import type { Host } from '../../host/host.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import type { Loaded } from './load.ts'
import { emptyFolder, fileProblem, type Refusal, tooLargeFile, tooLargeFolder } from './refusal.ts'
import { takeTasks } from './take-tasks.ts'
import { isTasksFile } from './tasks-files.ts'

/** A file of a commit: its path there, and the hash of its content. */
interface FileThere {
  readonly path: string
  readonly hash: string
}

/**
 * A tasks file or directory as a commit has it, from there alone; of a bad one what can be read.
 * undefined where the commit has none. Problems show its path behind the name of the `revision`.
 * Throws where git fails.
 */
export async function loadRevision(
  host: Host,
  located: Located,
  { commit, revision, tasks }: { commit: string; revision: string; tasks: string },
): Promise<Pick<Loaded, 'file' | 'problems' | 'partial'> | undefined> {
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
  const texts = await readTexts(
    located,
    files.map(({ hash }) => hash),
  )
  const sources = files.map((file, at) => ({ path: shown(file.path), text: texts[at] ?? '' }))
  const facts = {
    zone: host.clock.zone(),
    host: host.network.name(),
    machine: { names: [], addresses: [] },
    mayChangeUser: true,
    folder: found.kind === 'folder' ? tasks : path.dirname(tasks),
  }
  const job = { sources, facts, alone: true, partly: true }
  return takeTasks(host, shown(located.path), job)
}

/** Why something of a commit is not read: `at` where it is not the whole of it. */
type NotRead = Refusal & { readonly at?: string }

async function filesIn(
  located: Located,
  commit: string,
  folder: string,
): Promise<FileThere[] | NotRead> {
  const names = (await namesIn(located, folder)).filter(isTasksFile)
  if (names.length === 0) return emptyFolder
  const paths = names.map((name) => (located.path === '' ? name : `${located.path}/${name}`))
  const files: FileThere[] = []
  let bytes = 0
  for (const [at, found] of (await lookAt(located, commit, paths)).entries()) {
    const checked = fileAt(paths[at] ?? '', found)
    if ('message' in checked) return { ...checked, at: paths[at] ?? '' }
    files.push(...checked)
    bytes += found.kind === 'file' ? found.bytes : 0
  }
  return bytes > maxFileBytes ? tooLargeFolder(bytes) : files
}

function fileAt(file: string, found: AtCommit): FileThere[] | NotRead {
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
        message: 'its content was left out of this clone',
        hint: 'git fetches it for: git show REVISION:FILE',
      }
  }
}
