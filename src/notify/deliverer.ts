import type { Host } from '../host/host.ts'
import type { Helper } from '../host/helper.ts'
import { deliveryMs, type Job } from './deliver.ts'
import type { AnswerLine, JobLine } from './helper-process.ts'
import type { Delivery } from './retry-plan.ts'

/** Has the helper process deliver things. It is started when it is needed, and ends when it has nothing to do. */
export interface Deliverer {
  /** Never throws. */
  deliver(job: Job): Promise<Delivery>
  /** Ends the helper. What is under way is given up. */
  close(): Promise<void>
}

/** How long the helper stays without work: a start costs more than that. */
const idleMs = 5_000
/** A helper that takes longer than this for one delivery hangs. */
const hangMs = deliveryMs + 5_000

/** One helper process, with what it has not answered yet. */
interface Running {
  readonly helper: Helper
  readonly waiting: Map<number, (delivery: Delivery) => void>
}

export function newDeliverer({
  clock,
  startHelper,
}: Pick<Host, 'clock' | 'startHelper'>): Deliverer {
  let running: Running | undefined
  let number = 0
  let cancelIdle = (): void => {}

  function startOne(): Running {
    const waiting: Running['waiting'] = new Map()
    const helper = startHelper({
      file: 'notify/helper-process',
      onLine(line) {
        const answer = parseAnswer(line)
        if (answer === undefined) return
        waiting.get(answer.number)?.(answer.delivery)
      },
      onEnd(why) {
        if (running?.helper === helper) running = undefined
        const words = `the process that delivers ended (${why})`
        for (const settle of waiting.values()) settle({ kind: 'later', words })
      },
    })
    return { helper, waiting }
  }

  async function endHelper(): Promise<void> {
    cancelIdle()
    const last = running
    running = undefined
    await last?.helper.end()
  }

  return {
    deliver: (job) =>
      new Promise((resolve) => {
        cancelIdle()
        running ??= startOne()
        const { helper, waiting } = running
        const own = (number += 1)
        const settle = (delivery: Delivery): void => {
          cancel()
          waiting.delete(own)
          if (waiting.size === 0 && running?.helper === helper)
            cancelIdle = clock.after(idleMs, () => void endHelper())
          resolve(delivery)
        }
        const cancel = clock.after(hangMs, () => {
          // Whatever else it has is tried again by another one.
          if (running?.helper === helper) void endHelper()
          settle({ kind: 'later', words: 'the process that delivers hangs' })
        })
        waiting.set(own, settle)
        helper.send(JSON.stringify({ number: own, job } satisfies JobLine))
      }),
    close: endHelper,
  }
}

function parseAnswer(line: string): AnswerLine | undefined {
  try {
    return JSON.parse(line) as AnswerLine
  } catch {
    return undefined
  }
}
