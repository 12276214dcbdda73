import type { Host } from '../../host/host.ts'
import type { Faults } from '../../run/faults.ts'
import { maxCalendarBytes, maxFileBytes } from '../../tasks/file/limits.ts'
import type { HostFacts } from '../../tasks/hosts.ts'
import type { Phase } from '../phase.ts'
import type { HomePaths } from '../settings.ts'
import { hashOf, loadContent, type TasksContent } from './load.ts'
import type { RawText } from './parse.ts'
import type { LoadedTasks } from './tasks-state.ts'

/**
 * The first line of `last-good`, as JSON. The texts follow as they were, one after the other: the bytes
 * of a tasks file, or of each file of a directory.
 */
interface Header extends Pick<LoadedTasks, 'path' | 'revision' | 'atMs' | 'hash'> {
  readonly isFolder: boolean
  readonly texts: readonly { readonly path: string; readonly bytes: number }[]
  /** The files of calendars, whose texts follow the others. A file without any, and an older daemon, has none. */
  readonly calendars?: readonly { readonly path: string; readonly bytes: number }[]
  /** Of the texts of the calendars; `hash` is that of the others. */
  readonly calendarsHash?: string
}

/** For the names of the files of a directory. */
const maxHeaderBytes = 1_000_000
/** Of all calendars together. */
const maxCalendarsBytes = 50 * maxCalendarBytes
const maxCopyBytes = maxFileBytes + maxHeaderBytes + maxCalendarsBytes

interface LastGoodParts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
  readonly phase: Phase
}

/**
 * Keeps a copy of a tasks file that was loaded, in place of the one before, for `torch start
 * --last-good`. In the background, as a slow disk must not delay a tick. Called in turn.
 */
export function saveLastGood(
  { host, paths, faults, phase }: LastGoodParts,
  loaded: LoadedTasks,
): Promise<void> {
  const { path, revision, atMs, hash, content } = loaded
  // Taken out: whoever holds `loaded` would hold up to 10 MB of texts for the life of the daemon.
  loaded.content = undefined
  return faults.attemptAsync('keep a copy of the tasks file', async () => {
    if (content === undefined) return
    const texts = content.texts.map(({ path: name, text }) => ({ name, bytes: Buffer.from(text) }))
    const calendars = (content.calendars ?? []).map(({ path: name, text }) => {
      return { name, bytes: Buffer.from(text ?? '') }
    })
    const sizes = (all: typeof texts) =>
      all.map(({ name, bytes }) => ({ path: name, bytes: bytes.length }))
    const header: Header = {
      ...{ path, revision, atMs, hash, isFolder: content.isFolder },
      texts: sizes(texts),
      ...(calendars.length > 0 && {
        calendars: sizes(calendars),
        calendarsHash: hashOf(calendars.flatMap(({ name, bytes }) => [name, bytes])),
      }),
    }
    const line = Buffer.from(`${JSON.stringify(header)}\n`)
    const next = `${paths.lastGood}.next`
    const all = [...texts, ...calendars].map(({ bytes }) => bytes)
    const copy = Buffer.concat([line, ...all])
    if (copy.length > maxCopyBytes)
      throw new Error(`with its calendars it has more than ${maxCopyBytes} bytes`)
    await host.files.writeAsync(next, copy)
    // After a handover the file is the next daemon's.
    if (phase.now !== 'gone') host.files.rename(next, paths.lastGood)
  })
}

/**
 * The tasks of the copy, if it is a copy of this tasks file, and whole. They are read as they were
 * taken: what is not in the file (an `env_file`, a user) may be gone meanwhile, and is looked for at
 * each start. undefined without such a copy. Never throws.
 */
export async function loadLastGood(
  host: Host,
  paths: HomePaths,
  tasks: string,
  machine: HostFacts,
): Promise<LoadedTasks | undefined> {
  const kept = readLastGood(host, paths, tasks)
  if (kept === undefined) return undefined
  const { header, content } = kept
  const parsed = await loadContent(host, tasks, content, {
    machine,
    fileOnly: true,
    inThread: true,
  })
  const { revision, atMs, hash } = header
  const { calendars = [], ...rest } = parsed
  const calendarFiles = calendars.map(({ path: file }) => file)
  return rest.file && { ...rest, file: rest.file, path: tasks, revision, atMs, hash, calendarFiles }
}

/** The copy of this tasks file, with the texts as they were loaded; undefined without one. Never throws. */
export function readLastGood(
  host: Host,
  paths: Pick<HomePaths, 'lastGood'>,
  tasks: string,
): { header: Header; content: TasksContent } | undefined {
  try {
    const bytes = host.files.readFile(paths.lastGood, maxCopyBytes)
    const end = bytes?.indexOf('\n') ?? -1
    if (bytes === undefined || end < 0) return undefined
    const header = JSON.parse(bytes.toString('utf8', 0, end)) as Header
    const all = textsOf([...header.texts, ...(header.calendars ?? [])], bytes.subarray(end + 1))
    const texts = all.slice(0, header.texts.length)
    const kept = all.slice(texts.length)
    const calendars = kept.map((each) => ({ ...each, text: each.text.toString('utf8') }))
    const isWhole =
      hashOfTexts(texts) === header.hash &&
      (kept.length === 0 || hashOfTexts(kept) === header.calendarsHash)
    if (!isWhole || header.path !== tasks) return undefined
    return { header, content: { texts, isFolder: header.isFolder, calendars } }
  } catch {
    return undefined
  }
}

function hashOfTexts(texts: readonly { readonly path: string; readonly text: Buffer }[]): string {
  return hashOf(texts.flatMap(({ path, text }) => [path, text]))
}

function textsOf(texts: Header['texts'], bytes: Buffer): (RawText & { text: Buffer })[] {
  let at = 0
  return texts.map(({ path, bytes: length }) => {
    const text = bytes.subarray(at, at + length)
    at += length
    return { path, text }
  })
}
