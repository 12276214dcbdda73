import { createHash } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { type Accounts, realAccounts } from '../../host/accounts.ts'
import { diskFiles, type Files } from '../../host/files.ts'
import type { Host } from '../../host/host.ts'
import { maxEnvFileBytes } from '../../tasks/file/env-file.ts'
import { newPacker } from '../../tasks/file/pack.ts'
import { readTasks, type ReadTasks, type Stretch } from '../../tasks/file/read.ts'
import type { TasksFacts, TasksSource } from '../../tasks/file/read.ts'
import type { ParseJob, RawSource, Slice } from './parse.ts'

/** Tasks that come out of a thread at once: they take some 2 ms of the loop. */
const tasksPerSlice = 512

/** Reads and checks the texts here and now. */
export function parseJob(
  job: ParseJob,
  { files, accounts }: Pick<Host, 'files' | 'accounts'> = real,
): ReadTasks {
  const read = (file: string) =>
    job.alone ? ({ ok: true, text: '' } as const) : readEnvFile(files, file)
  const { partly = false, known } = job
  const isAccount = job.alone ? () => true : accountsKnown(accounts)
  const facts = { ...job.facts, readEnvFile: read, isAccount, digest }
  return readTasks(job.sources.map(decoded), facts, { partly, known })
}

const real = { files: diskFiles, accounts: realAccounts }

/** Each is looked up once: most tasks of a file have the same. */
function accountsKnown(accounts: Accounts): TasksFacts['isAccount'] {
  const known = new Map<string, boolean>()
  return (kind, nameOrId) => {
    const key = `${kind} ${nameOrId}`
    const isKnown = known.get(key) ?? accounts[kind](nameOrId) !== undefined
    known.set(key, isKnown)
    return isKnown
  }
}

function decoded({ path, text }: RawSource): TasksSource {
  if (typeof text === 'string') return { path, text }
  const { buffer, byteOffset, length } = text
  return { path, text: Buffer.from(buffer, byteOffset, length).toString('utf8') }
}

/** What a thread does: the stretches first, and then the answer without them. */
export function* parseInSlices(job: ParseJob): Generator<Slice, ReadTasks> {
  const read = parseJob(job)
  if (!read.ok) return read
  const pack = newPacker()
  let slice: Slice[number][] = []
  let count = 0
  for (const { tasks, ...stretch } of read.stretches.flatMap(inParts)) {
    slice.push({ ...stretch, packed: tasks && pack(tasks) })
    count += 1 + (tasks?.length ?? 0)
    if (count < tasksPerSlice) continue
    yield slice
    slice = []
    count = 0
  }
  yield slice
  return { ...read, stretches: [] }
}

/** A file that cannot be cut is one long stretch. */
function inParts(stretch: Stretch): Stretch[] {
  const { key, tasks } = stretch
  if (tasks === undefined || key !== undefined || tasks.length <= tasksPerSlice) return [stretch]
  const count = Math.ceil(tasks.length / tasksPerSlice)
  return Array.from({ length: count }, (_, at) => ({
    ...stretch,
    tasks: tasks.slice(at * tasksPerSlice, (at + 1) * tasksPerSlice),
  }))
}

function readEnvFile(files: Files, file: string): ReturnType<TasksFacts['readEnvFile']> {
  try {
    const bytes = files.readFile(file, maxEnvFileBytes)
    if (bytes === undefined) return { ok: false, message: 'is not there' }
    return { ok: true, text: bytes.toString('utf8') }
  } catch (error) {
    return { ok: false, message: messageOf(error) }
  }
}

/** 64 bits: two definitions of one task, or two pieces of one file, are not taken for one another. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
