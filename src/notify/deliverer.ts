import type { Host } from '../host/host.ts'
import type { Helper } from '../host/helper.ts'
import { deliveryMs, type Job } from './deliver.ts'
import type { AnswerLine, JobLine, ReadyLine } from './helper-process.ts'
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
const busy = 'the machine is too busy'
/** The helper ends a delivery itself before this. */
const hangMs = deliveryMs + 5_000
/** On a machine that is very busy, a process takes long to start. This is not the time of the target. */
const helperStartMs = 60_000

/** One helper process, with what it has not answered yet. */
interface Running {
  readonly helper: Helper
  readonly waiting: Map<number, Waiting>
  /** It takes jobs. */
  isReady: boolean
}

interface Waiting {
  readonly settle: (delivery: Delivery) => void
  /** Its time begins. */
  readonly begin: () => void
}

export function newDeliverer({
  clock,
  startHelper,
}: Pick<Host, 'clock' | 'startHelper'>): Deliverer {
  let running: Running | undefined
  let number = 0
  let cancelIdle = (): void => {}

  function forget(ended: Running): void {
    if (running === ended) running = undefined
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
        const started = (running ??= startOne(startHelper, forget))
        const { helper, waiting } = started
        const own = (number += 1)
        const settle = (delivery: Delivery): void => {
          cancel()
          waiting.delete(own)
          if (waiting.size === 0 && running === started)
            cancelIdle = clock.after(idleMs, () => void endHelper())
          resolve(delivery)
        }
        const giveUp = (words: string): void => {
          // Whatever else it has is tried again by another one.
          if (running === started) void endHelper()
          settle({ kind: 'later', words })
        }
        let cancel = clock.after(helperStartMs, () =>
          giveUp(`${busy}: nothing was sent within ${helperStartMs / 1000} s`),
        )
        const begin = (): void => {
          cancel()
          cancel = clock.after(hangMs, () => giveUp(`${busy}: not sent within ${hangMs / 1000} s`))
        }
        waiting.set(own, { settle, begin })
        if (started.isReady) begin()
        helper.send(JSON.stringify({ number: own, job } satisfies JobLine))
      }),
    close: endHelper,
  }
}

/** A helper that has nothing to do yet. `onEnded`: its process is gone, before anybody hears what that means. */
function startOne(startHelper: Host['startHelper'], onEnded: (ended: Running) => void): Running {
  const waiting: Running['waiting'] = new Map()
  const started: Running = {
    helper: startHelper({
      file: 'helper-process',
      onLine(line) {
        const answer = parseAnswer(line)
        if (answer === undefined) return
        if ('delivery' in answer) return waiting.get(answer.number)?.settle(answer.delivery)
        started.isReady = true
        for (const { begin } of waiting.values()) begin()
      },
      onEnd(why) {
        onEnded(started)
        const words = `the process that sends messages was ended (${why})`
        for (const { settle } of waiting.values()) settle({ kind: 'later', words })
      },
    }),
    waiting,
    isReady: false,
  }
  return started
}

function parseAnswer(line: string): AnswerLine | ReadyLine | undefined {
  try {
    return JSON.parse(line) as AnswerLine | ReadyLine
  } catch {
    return undefined
  }
}
