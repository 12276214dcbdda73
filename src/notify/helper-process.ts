import { wallClock } from '../host/clock.ts'
import { diskFiles } from '../host/files.ts'
import { serveLines } from '../host/helper.ts'
import { realProcesses } from '../host/processes.ts'
import { deliver, type Job } from './deliver.ts'
import type { Delivery } from './retry-plan.ts'

/*
 * The process that delivers messages: what it needs for that stays out of the daemon. It gets jobs, a line of
 * JSON each, answers each of them, and ends with the daemon.
 */

/** What the daemon sends. */
export interface JobLine {
  readonly number: number
  readonly job: Job
}

/** What comes back. */
export interface AnswerLine {
  readonly number: number
  readonly delivery: Delivery
}

/** Comes first: it takes jobs. Until then it starts, which takes long on a busy machine. */
export interface ReadyLine {
  readonly isReady: true
}

const host = { clock: wallClock, files: diskFiles, processes: realProcesses }

serveLines(async (line, signal) => {
  const { number, job } = JSON.parse(line) as JobLine
  const delivery = await deliver({ host, variables: process.env }, job, signal)
  return JSON.stringify({ number, delivery } satisfies AnswerLine)
})
process.stdout.write(`${JSON.stringify({ isReady: true } satisfies ReadyLine)}\n`)
