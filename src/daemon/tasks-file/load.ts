import { createHash } from 'node:crypto'
import path from 'node:path'
import type { Host } from '../../host/host.ts'
import { machineBounds } from '../../run/limit-bounds.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import { type HostFacts, hostFacts } from '../../tasks/hosts.ts'
import { boundsOfAnyMachine } from '../../tasks/machine-bounds.ts'
import { fileProblem } from './bad-tasks.ts'
import { readCalendarFile } from './calendar-files.ts'
import { type CalendarText, parse, type Parsed, type ParseJob, type RawText } from './parse.ts'
import {
  missing,
  readError,
  tasksFiles,
  type Unreadable,
  whyOpen,
  whyUnreadable,
  whyUnreadableFolder,
} from './readable.ts'
import { tasksRevision } from './revision.ts'

/** A tasks file (or directory) as it was at one moment. */
export interface Loaded extends Omit<Parsed, 'calendars'> {
  /** As it was asked for. */
  readonly path: string
  /** Of the content, or of the reason why there is none. */
  readonly hash: string
  /** The git commit of the file; null if it is not known. */
  readonly revision: string | null
  readonly atMs: number
  /** The files of its calendars, which are watched too. */
  readonly calendarFiles: readonly string[]
  /** What it was read from, if that was asked for. */
  content?: TasksContent | undefined
}

/** The texts of a tasks file, or of the files of a directory. */
export interface TasksContent {
  readonly texts: readonly RawText[]
  readonly isFolder: boolean
  /** The files of its calendars; undefined: as they are now. */
  readonly calendars?: readonly CalendarText[] | undefined
}

interface LoadOptions {
  /** What messages call the file. */
  readonly shown?: string
  /** The machine to read the file for; without it this machine. */
  readonly machine?: HostFacts
  /** Read nothing but the file: no `env_file` and no `user` need to exist on this machine. */
  readonly fileOnly?: boolean
  /** Also give what can be read of a bad file. */
  readonly allowPartial?: boolean
  /** Parse in a thread, as a daemon must: see parse(). */
  readonly inThread?: boolean
  /** For root: read a file that others may write too, with a warning, because nothing is run. */
  readonly mayBeOpen?: boolean
  /** Also give the texts themselves, which may take megabytes. */
  readonly withContent?: boolean
}

/** Loads the tasks of a file or directory (an absolute path), or all its problems. Never throws. */
export async function loadTasks(
  host: Host,
  tasks: string,
  options: LoadOptions = {},
): Promise<Loaded> {
  const { shown = tasks, mayBeOpen = false } = options
  const content = readContent(host, tasks, shown, mayBeOpen)
  const base = { path: shown, hash: content.hash, atMs: host.clock.now() }
  // git answers while the text is parsed.
  const [revision, parsed] = await Promise.all([
    tasksRevision(host, tasks),
    content.problem === undefined
      ? loadContent(host, tasks, content, options)
      : { file: undefined, problems: [content.problem], calendars: [] },
  ])
  const { calendars = [], ...rest } = parsed
  const isKept = options.withContent === true && parsed.file !== undefined
  const kept = isKept ? { content: { ...content, calendars } } : {}
  const problems = [...(content.warning ? [content.warning] : []), ...parsed.problems]
  const calendarFiles = calendars.map(({ path: file }) => file)
  return { ...base, revision, ...rest, calendarFiles, ...kept, problems }
}

/** The same from texts that were read before. */
export function loadContent(
  host: Host,
  tasks: string,
  content: TasksContent,
  options: LoadOptions = {},
): Promise<Parsed> {
  const { shown = tasks, inThread = false } = options
  return parse(host, shown, parseJobFor(host, tasks, content, options), { inThread })
}

/** What a thread needs to parse texts that were read before. */
export function parseJobFor(
  host: Host,
  tasks: string,
  content: TasksContent,
  {
    machine = hostFacts(host.network.name(), host.network.addresses()),
    fileOnly = false,
    allowPartial = false,
  }: LoadOptions,
): ParseJob {
  const facts = {
    zone: host.clock.zone(),
    ignoredZone: host.clock.ignoredZone(),
    host: machine.names[0] ?? host.network.name(),
    machine,
    bounds: fileOnly ? boundsOfAnyMachine : machineBounds(host),
    // What makes sockets takes a while to load, and most files need none.
    whyNoListen:
      !fileOnly && content.texts.some(({ text }) => Buffer.from(text).includes('listen'))
        ? host.sockets.whyNot()
        : undefined,
    now: Math.floor(host.clock.now() / 1000),
    mayChangeUser: fileOnly || host.processes.uid === 0,
    folder: content.isFolder ? tasks : path.dirname(tasks),
  }
  return { texts: content.texts, facts, fileOnly, allowPartial, calendars: content.calendars }
}

/** A hash that changes with the content. A reason why it cannot be read counts as content too. */
export function contentHash(host: Host, tasks: string): string {
  return readContent(host, tasks, tasks).hash
}

/** The same for the files of calendars. */
export function calendarsHash(host: Host, files: readonly string[]): string {
  const read = files.map((file) => readCalendarFile(host, file))
  return hashOf(read.flatMap((each) => [each.path, each.ok ? each.text : `! ${each.message}`]))
}

/**
 * A cheap way to see that nothing was written: identity, size and times of all files. undefined if
 * the last write is so recent that another one could have the same times.
 */
export function quietStamp(
  host: Host,
  tasks: string,
  calendars: readonly string[] = [],
): string | undefined {
  try {
    return stampOf(host, [tasks, ...tasksFiles(host, tasks), ...calendars])
  } catch {
    return undefined
  }
}

function stampOf(host: Host, files: readonly string[]): string | undefined {
  const facts = files.map((file) => host.files.facts(file))
  const youngest = Math.max(...facts.map((each) => each?.ctimeMs ?? 0))
  // A time far in the future: the file was written before the clock was set back.
  if (Math.abs(host.clock.now() - youngest) < recentMs) return undefined
  return facts.map((each, index) => `${files[index]} ${JSON.stringify(each)}`).join('\n')
}

/** The kernel's file times are up to 10 ms late, and some file systems only have whole seconds. */
const recentMs = 2_500

/** The texts are bytes: the watch only needs their hash. */
interface Content extends TasksContent {
  readonly hash: string
  readonly problem: Problem | undefined
  /** About a file that a root daemon would not take. */
  readonly warning?: Problem | undefined
}

/** Reads a tasks file, or the files of a directory, or says why not. Never throws. `shown`: what problems call it. */
export function readContent(host: Host, tasks: string, shown: string, mayBeOpen = false): Content {
  let at = tasks
  const shownAs = (file: string): string => shown + file.slice(tasks.length)
  try {
    const facts = host.files.facts(tasks)
    const isFolder = facts?.kind === 'directory'
    const why = whyUnreadable(host, tasks, facts)
    if (why !== undefined) return withoutContent(shown, why, isFolder)
    const files = tasksFiles(host, tasks)
    const whyFolder = isFolder ? whyUnreadableFolder(host, files) : undefined
    if (whyFolder !== undefined) return withoutContent(shown, whyFolder, isFolder)
    // BEFORE the rights: everybody may write /dev/zero, but that is not what is wrong with it.
    for (at of isFolder ? files : []) {
      const whyFile = whyUnreadable(host, at, host.files.facts(at))
      if (whyFile !== undefined) return withoutContent(shownAs(at), whyFile, isFolder)
    }
    const open = whyOpen(host, tasks, files, shown)
    if (open !== undefined && !mayBeOpen) return withoutContent(shownAs(open.file), open, isFolder)
    const texts: { path: string; text: Buffer }[] = []
    for (at of files) {
      const bytes = host.files.readFile(at, maxFileBytes)
      if (bytes === undefined) return withoutContent(shownAs(at), missing, isFolder)
      texts.push({ path: shownAs(at), text: bytes })
    }
    const hash = hashOf(texts.flatMap(({ path: name, text }) => [name, text]))
    const warning = open && openWarning(shownAs(open.file), open)
    return { texts, isFolder, hash, problem: undefined, warning }
  } catch (error) {
    return withoutContent(shownAs(at), readError(error), false)
  }
}

function openWarning(file: string, { message, hint }: Unreadable): Problem {
  return { ...fileProblem(file, message, hint), severity: 'warning' }
}

/** The message is hashed in place of the content, so that the same trouble is reported once. */
function withoutContent(file: string, { message, hint }: Unreadable, isFolder: boolean): Content {
  const problem = fileProblem(file, message, hint)
  return { texts: [], isFolder, hash: hashOf([file, message]), problem }
}

/** The hash of a content: of the name and the text of each file. */
export function hashOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
