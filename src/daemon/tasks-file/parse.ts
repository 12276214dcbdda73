import { messageOf } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import type { WorkerResult } from '../../host/worker.ts'
import type { PartialTasks } from '../../tasks/file/partial.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import type { ReadTasks } from '../../tasks/file/read.ts'
import type { TasksFacts } from '../../tasks/file/settings.ts'
import type { Task, TasksFile } from '../../tasks/task.ts'
import { fileProblem } from './bad-tasks.ts'

/** Ten megabytes of small tasks take about 1 GiB. */
const maxThreadMiB = 2_048
/** Ten megabytes of small tasks take about 20 s on an idle machine. */
const maxThreadMs = 120_000

/** A text of the tasks file, as text or as its bytes in UTF-8. */
export interface RawText {
  readonly path: string
  readonly text: string | Uint8Array
}

/** Everything that reading needs, as plain data, so that a thread can do it. */
export interface ParseJob {
  readonly texts: readonly RawText[]
  readonly facts: Omit<
    TasksFacts,
    'readEnvFile' | 'readCalendar' | 'isAccount' | 'whyNoHeaders' | 'digest' | 'sha256'
  >
  /** Read nothing else of this machine: neither an `env_file`, nor a `headers_file`, nor the accounts. */
  readonly fileOnly: boolean
  /** Also give what can be read of a bad file. */
  readonly allowPartial?: boolean
  /** Files of calendars as they were: they are not read from this machine. */
  readonly calendars?: readonly CalendarText[] | undefined
}

/** A file of a calendar. */
export interface CalendarText {
  /** Absolute. */
  readonly path: string
  /** null: it could not be read. */
  readonly text: string | null
}

/** The tasks of a file, or all its problems. */
export interface Parsed {
  /** undefined if the file is bad; then there is an error among the problems. */
  readonly file: TasksFile | undefined
  readonly problems: readonly Problem[]
  /** What can be read of a bad file, if that was asked for. */
  readonly partial?: PartialTasks | undefined
  /** The files of calendars that it names. */
  readonly calendars?: readonly CalendarText[] | undefined
  /** Not the file is wrong: the machine refused to read it now. Another try may succeed. */
  readonly isTemporary?: boolean
}

/**
 * Parses the texts of a tasks file, which problems call `shown`. A daemon parses `inThread`, so that
 * its ticks continue meanwhile, and the parser (15 MB) is in memory only until it is done. A large text
 * is parsed in a thread in any case, because the thread has bounds for memory and time. Never throws.
 */
export async function parse(
  host: Host,
  shown: string,
  job: ParseJob,
  { inThread = false } = {},
): Promise<Parsed> {
  if (!inThread && isSmall(job)) return parsedOf(await parseHere(host, job))
  const bounds = { memoryMiB: maxThreadMiB, timeoutMs: maxThreadMs }
  const result = await host.inWorker<AnswerPart>(workerFile, job, bounds)
  switch (result.kind) {
    case 'answer':
      return joinAnswer(result.parts)
    case 'failed':
      return isSmall(job)
        ? parseWithoutThread(host, shown, job)
        : { file: undefined, problems: [fileProblem(shown, whyNot(result))], isTemporary: true }
    default:
      return { file: undefined, problems: [fileProblem(shown, whyNot(result))] }
  }
}

const workerFile = 'parse-worker'

/** Loaded only here, so that a daemon does not keep the parser in memory. */
async function parseHere(host: Host, job: ParseJob): Promise<JobResult> {
  return (await import('./parse-job.ts')).parseJob(job, host)
}

/** Parsing this much takes about 0.2 s, which a daemon can afford if it gets no thread. */
const maxCharsWithoutThread = 200_000

function isSmall({ texts }: ParseJob): boolean {
  return texts.reduce((sum, { text }) => sum + text.length, 0) <= maxCharsWithoutThread
}

/**
 * Used when the machine refuses a thread (too many processes), which is not the fault of the file.
 * After an upgrade of torch, the files that the running daemon loads only now may not fit to those
 * that it loaded before. That must not end the daemon.
 */
async function parseWithoutThread(host: Host, shown: string, job: ParseJob): Promise<Parsed> {
  try {
    return parsedOf(await parseHere(host, job))
  } catch (error) {
    const message = `could not be read: ${messageOf(error)} (if torch was upgraded, try torch restart)`
    return { file: undefined, problems: [fileProblem(shown, message)], isTemporary: true }
  }
}

/** What was read, and from which files of calendars. */
export type JobResult = ReadTasks & { readonly calendars: readonly CalendarText[] }

function parsedOf(read: JobResult): Parsed {
  const { calendars } = read
  if (read.ok) return { file: read.file, problems: read.warnings, calendars }
  return { file: undefined, problems: read.problems, partial: read.partial, calendars }
}

function whyNot(result: Exclude<WorkerResult<AnswerPart>, { kind: 'answer' }>): string {
  switch (result.kind) {
    case 'memory':
      return `takes more than ${maxThreadMiB} MiB of memory to read`
    case 'late':
      return `takes more than ${maxThreadMs / 1000} s to read`
    case 'failed':
      return `could not be read: ${result.message}`
  }
}

/** What the thread sends: first the result without its tasks, then the tasks. */
type AnswerPart =
  | { readonly kind: 'result'; readonly parsed: Parsed }
  | { readonly kind: 'tasks'; readonly tasks: readonly Task[] }

/** Reading 500 tasks from a thread blocks the event loop for about 5 ms. */
const tasksPerPart = 500

/** In the thread: cuts the answer into parts that the event loop reads one by one. */
export function* cutAnswer(read: JobResult): Generator<AnswerPart> {
  const parsed = parsedOf(read)
  const { file } = parsed
  yield { kind: 'result', parsed: { ...parsed, file: file && { ...file, tasks: [] } } }
  const tasks = file?.tasks ?? []
  for (let at = 0; at < tasks.length; at += tasksPerPart) {
    yield { kind: 'tasks', tasks: tasks.slice(at, at + tasksPerPart) }
  }
}

function joinAnswer(parts: readonly AnswerPart[]): Parsed {
  const [first, ...rest] = parts
  if (first?.kind !== 'result') throw new Error('the answer of the parser has no result')
  const { parsed } = first
  if (parsed.file === undefined) return parsed
  const tasks = rest.flatMap((part) => (part.kind === 'tasks' ? part.tasks : []))
  return { ...parsed, file: { ...parsed.file, tasks } }
}
