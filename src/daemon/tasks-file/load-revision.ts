import path from 'node:path'
import { type AtCommit, type Located, lookAt, namesIn, readTexts } from '../../host/git-commits.ts'
import type { Host } from '../../host/host.ts'
import { maxCalendarBytes, maxFileBytes } from '../../tasks/file/limits.ts'
import { fileProblem } from './bad-tasks.ts'
import { readCalendarFile } from './calendar-files.ts'
import { type CalendarText, parse, type Parsed } from './parse.ts'
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
    now: Math.floor(host.clock.now() / 1000),
    mayChangeUser: true,
    folder: found.kind === 'folder' ? tasks : path.dirname(tasks),
  }
  const job = { texts, facts, fileOnly: true, allowPartial: true, calendars: [] }
  const first = await parse(host, shown(located.path), job)
  if ((first.calendars ?? []).length === 0) return first
  // Only now is it known which files it needs.
  const folder = found.kind === 'folder' ? located.path : path.posix.dirname(located.path)
  const calendars = await calendarsIn(host, located, { commit, folder, from: facts.folder }, first)
  return parse(host, shown(located.path), { ...job, calendars })
}

/** The files of calendars as they are in the commit. `folder`: that of the tasks, which is `from` on disk. One outside of the repository as it is now. */
async function calendarsIn(
  host: Host,
  located: Located,
  {
    commit,
    folder,
    from,
  }: { readonly commit: string; readonly folder: string; readonly from: string },
  { calendars = [] }: Parsed,
): Promise<CalendarText[]> {
  const places = calendars.map(({ path: file }) => {
    const inside = path.posix.join(folder, path.posix.relative(from, file))
    return { file, inside: inside.startsWith('..') ? undefined : inside }
  })
  const inCommit = places.flatMap(({ inside }) => inside ?? [])
  const found = await lookAt(located, commit, inCommit)
  const hashes = found.flatMap((each) =>
    each.kind === 'file' && each.bytes <= maxCalendarBytes ? [each.hash] : [],
  )
  const texts = await readTexts(located, hashes)
  const textAt = (inside: string): string | null => {
    const each = found[inCommit.indexOf(inside)]
    return each?.kind === 'file' ? (texts[hashes.indexOf(each.hash)] ?? null) : null
  }
  return places.map(({ file, inside }) => {
    if (inside !== undefined) return { path: file, text: textAt(inside) }
    const read = readCalendarFile(host, file)
    return { path: file, text: read.ok ? read.text : null }
  })
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
