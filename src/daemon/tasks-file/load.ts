import { createHash } from 'node:crypto'
import path from 'node:path'
import { gitRevision } from '../../host/git.ts'
import type { Host } from '../../host/host.ts'
import { hostFacts, type HostFacts } from '../../tasks/hosts.ts'
import { maxFileBytes } from '../../tasks/file/limits.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import type { RawSource } from './parse.ts'
import {
  fileProblem,
  folderRefusal,
  notThere,
  readRefusal,
  type Refusal,
  refusalOf,
} from './refusal.ts'
import { type Known, nothingKnown, type Taken, takeTasks } from './take-tasks.ts'
import { tasksFiles } from './tasks-files.ts'

/** A tasks file (or directory) as it was at one moment. */
export interface Loaded extends Taken {
  /** As it was asked for. */
  readonly path: string
  /** Of the content, or of why there is none. */
  readonly hash: string
  readonly revision: string | null
  readonly atMs: number
}

/**
 * The tasks of a file or directory (an absolute path), or all that is wrong with it, as it is
 * `shown`, on a `machine` that is this one unless another is given. `alone`: from the file alone, so
 * that no `env_file` and no `user` need be on this machine. `partly`: of a bad file also what can be
 * read of it. `known`: by the load before. `apart`: as takeTasks() has it. Never throws.
 */
export async function loadTasks(
  host: Host,
  tasks: string,
  {
    shown = tasks,
    machine = hostFacts(host.network.name(), host.network.addresses()),
    alone = false,
    partly = false,
    known = nothingKnown(),
    apart = false,
  } = {},
): Promise<Loaded> {
  const read = readSources(host, tasks, shown)
  const base = { path: shown, hash: read.hash, atMs: host.clock.now() }
  // git is asked while the text is parsed.
  const [revision, taken] = await Promise.all([
    gitRevision(host, tasks),
    readThese(host, read, tasks, { shown, machine, alone, partly, known, apart }),
  ])
  return { ...base, revision, ...taken }
}

async function readThese(
  host: Host,
  read: Read,
  tasks: string,
  {
    shown,
    machine,
    alone,
    partly,
    known,
    apart,
  }: {
    shown: string
    machine: HostFacts
    alone: boolean
    partly: boolean
    known: Known
    apart: boolean
  },
): Promise<Taken> {
  if (read.problem !== undefined) return { file: undefined, problems: [read.problem], known }
  const facts = {
    zone: host.clock.zone(),
    host: machine.names[0] ?? host.network.name(),
    machine,
    mayChangeUser: alone || host.processes.uid === 0,
    folder: read.isFolder ? tasks : path.dirname(tasks),
  }
  const job = { sources: read.sources, facts, alone, partly }
  return takeTasks(host, shown, job, { known, apart })
}

/** What tells whether the content changed; all that makes it unreadable counts as a content. */
export function contentHash(host: Host, tasks: string): string {
  return readSources(host, tasks, tasks).hash
}

/**
 * What tells cheaply that nothing was written: identity, size and times of all files. undefined
 * where the last write is so young that another could have the same times.
 */
export function quietStamp(host: Host, tasks: string): string | undefined {
  try {
    return stampOf(host, [tasks, ...tasksFiles(host, tasks)])
  } catch {
    return undefined
  }
}

function stampOf(host: Host, files: readonly string[]): string | undefined {
  const facts = files.map((file) => host.files.facts(file))
  const youngest = Math.max(...facts.map((each) => each?.ctimeMs ?? 0))
  // One that is far in the future was written before the clock was set back.
  if (Math.abs(host.clock.now() - youngest) < youngMs) return undefined
  return facts.map((each, index) => `${files[index]} ${JSON.stringify(each)}`).join('\n')
}

/** File times are as coarse as the kernel's tick, 10 ms at most; some file systems know only seconds. */
const youngMs = 2_500

interface Read {
  /** In bytes: they are enough to know that a file changed. */
  readonly sources: readonly RawSource[]
  readonly isFolder: boolean
  readonly hash: string
  readonly problem: Problem | undefined
}

function readSources(host: Host, tasks: string, shown: string): Read {
  let at = tasks
  const shownAs = (file: string): string => shown + file.slice(tasks.length)
  try {
    const facts = host.files.facts(tasks)
    const isFolder = facts?.kind === 'directory'
    const whole = refusalOf(host, tasks, facts, shown)
    if (whole !== undefined) return unreadable(shown, whole, isFolder)
    const files = tasksFiles(host, tasks)
    const tooMuch = isFolder ? folderRefusal(host, files) : undefined
    if (tooMuch !== undefined) return unreadable(shown, tooMuch, isFolder)
    const sources: { path: string; text: Buffer }[] = []
    for (at of files) {
      const refusal = isFolder && refusalOf(host, at, host.files.facts(at), shownAs(at))
      const bytes = refusal ? undefined : host.files.readFile(at, maxFileBytes)
      if (bytes === undefined) return unreadable(shownAs(at), refusal || notThere, isFolder)
      sources.push({ path: shownAs(at), text: bytes })
    }
    const hash = hashOf(sources.flatMap(({ path: name, text }) => [name, text]))
    return { sources, isFolder, hash, problem: undefined }
  } catch (error) {
    return unreadable(shownAs(at), readRefusal(error), false)
  }
}

/** The refusal stands in for the content, so that the same trouble is reported once. */
function unreadable(file: string, { message, hint }: Refusal, isFolder: boolean): Read {
  const problem = fileProblem(file, message, hint)
  return { sources: [], isFolder, hash: hashOf([file, message]), problem }
}

function hashOf(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}
