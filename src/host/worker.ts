import path from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { wallClock } from './clock.ts'
import { hasCode } from './system-error.ts'

/**
 * Gives `job` to a file of ours (`daemon/tasks-file/parse-worker`) in a thread of its own, and what it answers;
 * all is plain data. What is large comes before the answer, in slices, one in a turn of the loop.
 * Never throws: what went wrong is said, and the thread is ended in any case.
 */
export type InWorker = <Answer>(
  file: string,
  job: object,
  bounds: { readonly memoryMiB: number; readonly timeoutMs: number },
  take: (slice: unknown) => void,
) => Promise<WorkerResult<Answer>>

export type WorkerResult<Answer> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'memory' }
  | { readonly kind: 'late' }
  | { readonly kind: 'failed'; readonly message: string }

/** What is built: Node 20 runs no TypeScript, so the sources too have their threads from there. */
const built = path.resolve(import.meta.dirname, '../../dist')

/** A thread that computes makes much that is young: as V8 has it by itself. */
const youngMiB = 48

/** What a thread says: a slice, for which it waits to be asked, or at last its answer. */
type Said<Answer> = { readonly slice: unknown } | { readonly answer: Answer }

/** As {@link InWorker} says. https://nodejs.org/api/worker_threads.html#new-workerfilename-options */
export const inWorker: InWorker = async (file, job, bounds, take) => {
  try {
    return await answerOf(file, job, bounds, take)
  } catch (error) {
    // It could not even be made: no process, or no memory, is to be had.
    return { kind: 'failed', message: messageOf(error) }
  }
}

const answerOf: InWorker = <Answer>(
  file: string,
  job: object,
  { memoryMiB, timeoutMs }: { readonly memoryMiB: number; readonly timeoutMs: number },
  take: (slice: unknown) => void,
) =>
  new Promise<WorkerResult<Answer>>((resolve) => {
    const worker = new Worker(path.join(built, `${file}.js`), {
      workerData: job,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB, maxYoungGenerationSizeMb: youngMiB },
    })
    const settle = (result: WorkerResult<Answer>): void => {
      cancel()
      resolve(result)
      void worker.terminate()
    }
    const cancel = wallClock.after(timeoutMs, () => settle({ kind: 'late' }))
    worker.on('message', (said: Said<Answer>) => {
      if ('answer' in said) return settle({ kind: 'answer', answer: said.answer })
      take(said.slice)
      // Not at once: messages that are there already are all taken before any timer is.
      void wallClock.turn().then(() => ask(worker))
    })
    worker.on('error', (error: Error) =>
      settle(
        hasCode(error, 'ERR_WORKER_OUT_OF_MEMORY')
          ? { kind: 'memory' }
          : { kind: 'failed', message: error.message },
      ),
    )
    worker.on('exit', () => settle({ kind: 'failed', message: 'it ended without an answer' }))
  })

/** In such a thread: takes its job, gives slice by slice as it is asked for them, and the answer. */
export function answerJob(work: (job: unknown) => Generator<unknown, unknown>): void {
  const port = parentPort
  if (port === null) return
  const steps = work(workerData)
  const step = (): void => {
    const { done, value } = steps.next()
    say(port, done === true ? { answer: value } : { slice: value })
    if (done === true) port.close()
  }
  port.on('message', step)
  step()
}

interface Port {
  postMessage(value: unknown): void
}

function say(port: Port, said: Said<unknown>): void {
  port.postMessage(said)
}

function ask(port: Port): void {
  port.postMessage('next')
}
