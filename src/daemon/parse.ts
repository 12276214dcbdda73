import { wordsOf } from '../errors.ts'
import { diskFiles } from '../host/files.ts'
import type { Files, Host, WorkerResult } from '../host/host.ts'
import { parseTasks, type ParsedTasks, type TasksFacts, type TasksSource } from '../tasks/parse.ts'
import { fileProblem } from './refusal.ts'

/** Larger texts are parsed in a thread of their own, so that the ticks go on: this much takes some 0.2 s. */
const maxInlineChars = 200_000
/** Ten megabytes of small tasks take some 0.9 GiB. */
const maxWorkerMiB = 2_048
/** Ten megabytes of small tasks take some 10 s on an idle machine. */
const maxWorkerMs = 120_000

/** All that a thread has to know: plain data. */
export interface ParseJob {
  readonly sources: readonly TasksSource[]
  readonly facts: Omit<TasksFacts, 'readEnvFile'>
  /** Nothing else of the machine is read: no `env_file`. */
  readonly alone: boolean
  /** Of a bad file also what can be read of it. */
  readonly partly?: boolean
}

/** As parseTasks(), beside the ticks where it takes long. `shown` is what the whole is called. */
export async function parseBeside(host: Host, shown: string, job: ParseJob): Promise<ParsedTasks> {
  const chars = job.sources.reduce((sum, { text }) => sum + text.length, 0)
  if (chars <= maxInlineChars) return parseJob(job, host.files)
  const bounds = { memoryMiB: maxWorkerMiB, timeoutMs: maxWorkerMs }
  const result = await host.inWorker<ParsedTasks>('daemon/parse-worker', job, bounds)
  if (result.kind === 'answer') return result.answer
  return { ok: false, problems: [fileProblem(shown, whyNot(result))] }
}

/** Reads and checks the texts here and now. */
export function parseJob(job: ParseJob, files: Files = diskFiles): ParsedTasks {
  const read = (file: string) =>
    job.alone ? ({ ok: true, text: '' } as const) : readEnvFile(files, file)
  const { partly = false } = job
  return parseTasks(job.sources, { ...job.facts, readEnvFile: read }, { partly })
}

function whyNot(result: Exclude<WorkerResult<ParsedTasks>, { kind: 'answer' }>): string {
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
    const text = files.readText(file)
    return text === undefined ? { ok: false, message: 'is not there' } : { ok: true, text }
  } catch (error) {
    return { ok: false, message: wordsOf(error) }
  }
}
