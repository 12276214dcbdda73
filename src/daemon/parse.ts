import { createHash } from 'node:crypto'
import { wordsOf } from '../errors.ts'
import { diskFiles } from '../host/files.ts'
import type { Files, Host } from '../host/host.ts'
import type { WorkerResult } from '../host/worker.ts'
import { maxEnvFileBytes } from '../tasks/env-file.ts'
import { readTasks, type ReadTasks, type Stretch } from '../tasks/parse.ts'
import type { TasksFacts, TasksSource } from '../tasks/parse.ts'
import { newPacker, newUnpacker, type PackedTasks, type Unpacked } from '../tasks/pack.ts'
import { fileProblem } from './refusal.ts'

/** Larger texts are parsed in a thread of their own, so that the ticks go on: this much takes some 0.2 s. */
const maxInlineChars = 200_000
/** Ten megabytes of small tasks take some 0.9 GiB. */
const maxWorkerMiB = 2_048
/** Ten megabytes of small tasks take some 10 s on an idle machine. */
const maxWorkerMs = 120_000

/** Tasks that come out of a thread at once: they take some 2 ms of the loop. */
const tasksPerSlice = 512

/** All that a thread has to know: plain data. */
export interface ParseJob {
  readonly sources: readonly TasksSource[]
  readonly facts: Omit<TasksFacts, 'readEnvFile' | 'digest'>
  /** Nothing else of the machine is read: no `env_file`. */
  readonly alone: boolean
  /** Of a bad file also what can be read of it. */
  readonly partly?: boolean
  /** Keys of stretches whose tasks are known. */
  readonly known: ReadonlySet<string>
}

/** As readTasks(), beside the ticks where it takes long. `shown` is what the whole is called. */
export async function parseBeside(
  host: Host,
  shown: string,
  job: ParseJob,
  unpacked: Unpacked,
): Promise<ReadTasks> {
  const chars = job.sources.reduce((sum, { text }) => sum + text.length, 0)
  if (chars <= maxInlineChars) return parseJob(job, host.files)
  const bounds = { memoryMiB: maxWorkerMiB, timeoutMs: maxWorkerMs }
  const stretches: Stretch[] = []
  const unpack = newUnpacker(unpacked)
  const result = await host.inWorker<ReadTasks>(worker, job, bounds, (slice) => {
    for (const { packed, ...stretch } of slice as Slice)
      stretches.push({ ...stretch, tasks: packed && unpack(packed) })
  })
  if (result.kind !== 'answer') return { ok: false, problems: [fileProblem(shown, whyNot(result))] }
  return result.answer.ok ? { ...result.answer, stretches } : result.answer
}

const worker = 'daemon/parse-worker'

type Slice = readonly (Omit<Stretch, 'tasks'> & { readonly packed: PackedTasks | undefined })[]

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

/** Reads and checks the texts here and now. */
export function parseJob(job: ParseJob, files: Files = diskFiles): ReadTasks {
  const read = (file: string) =>
    job.alone ? ({ ok: true, text: '' } as const) : readEnvFile(files, file)
  const { partly = false, known } = job
  const facts = { ...job.facts, readEnvFile: read, digest }
  return readTasks(job.sources, facts, { partly, known })
}

function whyNot(result: Exclude<WorkerResult<ReadTasks>, { kind: 'answer' }>): string {
  switch (result.kind) {
    case 'memory':
      return `takes more than ${maxWorkerMiB} MiB of memory to read`
    case 'late':
      return `takes more than ${maxWorkerMs / 1000} s to read`
    case 'failed':
      return `could not be read: ${result.message}`
  }
}

function readEnvFile(files: Files, file: string): ReturnType<TasksFacts['readEnvFile']> {
  try {
    const bytes = files.readFile(file, maxEnvFileBytes)
    if (bytes === undefined) return { ok: false, message: 'is not there' }
    return { ok: true, text: bytes.toString('utf8') }
  } catch (error) {
    return { ok: false, message: wordsOf(error) }
  }
}

/** 64 bits: two definitions of one task, or two pieces of one file, are not taken for one another. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
