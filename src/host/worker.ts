import path from 'node:path'
import {
  MessageChannel,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { wallClock } from './clock.ts'
import { hasCode } from './system-error.ts'

/**
 * Runs one job in a thread of its own. `file` is one of ours, such as
 * `parse-worker`, and calls {@link answerJob}. The job and the answer are plain
 * data. The answer consists of parts, because reading all of a large answer at once would block the
 * event loop: each part is read in a turn of its own. Never throws, and always ends the thread.
 */
export type InWorker = <Part>(
  file: string,
  job: object,
  bounds: { readonly memoryMiB: number; readonly timeoutMs: number },
) => Promise<WorkerResult<Part>>

export type WorkerResult<Part> =
  | { readonly kind: 'answer'; readonly parts: readonly Part[] }
  | { readonly kind: 'memory' }
  | { readonly kind: 'late' }
  | { readonly kind: 'failed'; readonly message: string }

/** Node 20 does not run TypeScript, so a thread always runs the compiled file. */
const compiledFolder = path.resolve(import.meta.dirname, '../../dist/program')

/** V8's own default, which a limit on the old generation would otherwise lower. */
const youngGenerationMiB = 48

/** What a thread gets: the job, and where it puts the parts of its answer. */
interface WorkerInput {
  readonly job: unknown
  readonly answer: MessagePort
}

/** See {@link InWorker}. https://nodejs.org/api/worker_threads.html#new-workerfilename-options */
export const inWorker: InWorker = async (file, job, bounds) => {
  try {
    return await resultOf(file, job, bounds)
  } catch (error) {
    // The machine has no process or no memory left for a thread.
    return { kind: 'failed', message: messageOf(error) }
  }
}

const resultOf: InWorker = <Part>(
  file: string,
  job: object,
  { memoryMiB, timeoutMs }: { readonly memoryMiB: number; readonly timeoutMs: number },
) =>
  new Promise<WorkerResult<Part>>((resolve) => {
    const { port1: parts, port2: answer } = new MessageChannel()
    const worker = new Worker(path.join(compiledFolder, `${file}.js`), {
      workerData: { job, answer } satisfies WorkerInput,
      transferList: [answer],
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: memoryMiB,
        maxYoungGenerationSizeMb: youngGenerationMiB,
      },
    })
    const settle = (result: WorkerResult<Part>): void => {
      cancel()
      resolve(result)
      parts.close()
      void worker.terminate()
    }
    const cancel = wallClock.after(timeoutMs, () => settle({ kind: 'late' }))
    // The only message says that the answer is complete. The thread may end while it is read.
    let isComplete = false
    worker.on('message', () => {
      isComplete = true
      void readParts<Part>(parts).then((read) => settle({ kind: 'answer', parts: read }))
    })
    worker.on('error', (error: Error) =>
      settle(
        hasCode(error, 'ERR_WORKER_OUT_OF_MEMORY')
          ? { kind: 'memory' }
          : { kind: 'failed', message: error.message },
      ),
    )
    worker.on('exit', () => {
      if (!isComplete) settle({ kind: 'failed', message: 'the thread ended without an answer' })
    })
  })

/** Reads one part in a turn of the event loop. A listener would read all that are there at once. */
async function readParts<Part>(port: MessagePort): Promise<Part[]> {
  const parts: Part[] = []
  for (;;) {
    const received: { readonly message: Part } | undefined = receiveMessageOnPort(port)
    if (received === undefined) return parts
    parts.push(received.message)
    await wallClock.turn()
  }
}

/** Called by the file that runs in the thread: does the job and sends the parts of its answer. */
export function answerJob(work: (job: unknown) => Iterable<unknown>): void {
  const { job, answer } = workerData as WorkerInput
  for (const part of work(job)) send(answer, part)
  if (parentPort !== null) send(parentPort, 'complete')
}

function send(port: MessagePort, message: unknown): void {
  // The rule is meant for windows: a port has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  port.postMessage(message)
}
