import path from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { wallClock } from './clock.ts'
import { hasCode } from './files.ts'
import type { InWorker, WorkerResult } from './host.ts'

/** What is built: Node 20 runs no TypeScript, so the sources too have their threads from there. */
const built = path.resolve(import.meta.dirname, '../../dist')

/** As {@link InWorker} says. https://nodejs.org/api/worker_threads.html#new-workerfilename-options */
export const inWorker: InWorker = <Answer>(
  file: string,
  job: object,
  { memoryMiB, timeoutMs }: { readonly memoryMiB: number; readonly timeoutMs: number },
) =>
  new Promise<WorkerResult<Answer>>((resolve) => {
    const worker = new Worker(path.join(built, `${file}.js`), {
      workerData: job,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: memoryMiB },
    })
    const settle = (result: WorkerResult<Answer>): void => {
      cancel()
      resolve(result)
      void worker.terminate()
    }
    const cancel = wallClock.after(timeoutMs, () => settle({ kind: 'late' }))
    worker.on('message', (answer: Answer) => settle({ kind: 'answer', answer }))
    worker.on('error', (error: Error) =>
      settle(
        hasCode(error, 'ERR_WORKER_OUT_OF_MEMORY')
          ? { kind: 'memory' }
          : { kind: 'failed', message: error.message },
      ),
    )
    worker.on('exit', () => settle({ kind: 'failed', message: 'it ended without an answer' }))
  })

/** In such a thread: takes its job and answers it. */
export function answerJob(work: (job: unknown) => unknown): void {
  // The rule is of windows in a browser.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(work(workerData))
}
