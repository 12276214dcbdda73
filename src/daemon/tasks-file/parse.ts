import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { WorkerResult } from '../../host/worker.ts'
import type { ReadTasks, Stretch, TasksFacts } from '../../tasks/file/read.ts'
import { newUnpacker, type PackedTasks, type Unpacked } from '../../tasks/file/pack.ts'
import { fileProblem } from './refusal.ts'

/** Larger texts are parsed in a thread of their own in any case: this much takes some 0.2 s. */
const maxInlineLength = 200_000
/** Ten megabytes of small tasks take some 0.9 GiB. */
const maxWorkerMiB = 2_048
/** Ten megabytes of small tasks take some 10 s on an idle machine. */
const maxWorkerMs = 120_000

/** A text, or its bytes in UTF-8, which are handed to a thread in a tenth of the time. */
export interface RawSource {
  readonly path: string
  readonly text: string | Uint8Array
}

/** All that a thread has to know: plain data. */
export interface ParseJob {
  readonly sources: readonly RawSource[]
  readonly facts: Omit<TasksFacts, 'readEnvFile' | 'isAccount' | 'digest'>
  /** Nothing else of the machine is read: no `env_file`, no `user`. */
  readonly alone: boolean
  /** Of a bad file also what can be read of it. */
  readonly partly?: boolean
  /** Keys of stretches whose tasks are known. */
  readonly known: ReadonlySet<string>
}

type Answer = ReadTasks & { readonly again?: boolean }

/**
 * As readTasks(), in a thread of its own where it takes long or is to be `apart`: of a daemon, which
 * goes on with its ticks meanwhile, and has the parser (15 MB) in memory only until it is done.
 * `shown` is what the whole is called. `again`: the machine refused the thread; it is no fault of the
 * text, and worth another try.
 */
export async function parseBeside(
  host: Host,
  shown: string,
  job: ParseJob,
  { unpacked, apart }: { readonly unpacked: Unpacked; readonly apart: boolean },
): Promise<Answer> {
  const length = job.sources.reduce((sum, { text }) => sum + text.length, 0)
  const isSmall = length <= maxInlineLength
  if (isSmall && !apart) return parseHere(host, job)
  const bounds = { memoryMiB: maxWorkerMiB, timeoutMs: maxWorkerMs }
  const stretches: Stretch[] = []
  const unpack = newUnpacker(unpacked)
  const result = await host.inWorker<ReadTasks>(worker, job, bounds, (slice) => {
    for (const { packed, ...stretch } of slice as Slice)
      stretches.push({ ...stretch, tasks: packed && unpack(packed) })
  })
  // A machine that refuses a thread (too many processes) is no fault of the file.
  if (isSmall && result.kind === 'failed') return parseAnyway(host, shown, job)
  if (result.kind !== 'answer') {
    const problems = [fileProblem(shown, whyNot(result))]
    return { ok: false, problems, again: result.kind === 'failed' }
  }
  return result.answer.ok ? { ...result.answer, stretches } : result.answer
}

async function parseHere(host: Host, job: ParseJob): Promise<ReadTasks> {
  return (await import('./parse-job.ts')).parseJob(job, host)
}

/**
 * In a daemon that runs: an upgrade replaces its files under it, and what is loaded only now need not
 * fit to what was loaded before. It must not die of that.
 */
async function parseAnyway(host: Host, shown: string, job: ParseJob): Promise<Answer> {
  try {
    return await parseHere(host, job)
  } catch (error) {
    const message = `could not be read: ${messageOf(error)} (if torch was upgraded, torch restart helps)`
    return { ok: false, problems: [fileProblem(shown, message)], again: true }
  }
}

const worker = 'daemon/tasks-file/parse-worker'

/** What comes out of the thread at once. */
export type Slice = readonly (Omit<Stretch, 'tasks'> & {
  readonly packed: PackedTasks | undefined
})[]

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
