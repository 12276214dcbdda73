import { runRow } from '../dist/record/history/rows.js'
import { newRunId } from '../dist/run/directory.js'

/** These tasks run in turn, one each second; the rare ones ran once, in the first hours of the month. */
export const busyTasks = 100
const rareTasks = 10_000
/** One in 50 runs fails; one in 10 is still running when it is first written. */
const failedEach = 50
const longEach = 10

let count = 0

/** The rows that the daemon writes in a minute. */
export function minuteOf(nowMs) {
  const rows = []
  for (let second = 0; second < 60; second++) {
    const number = count++
    const run = startOf(nowMs + second * 1000, taskOf(number), number)
    if (number % longEach === 0) rows.push(runRow(run))
    rows.push(runRow(run, endOf(run, number)))
  }
  return rows
}

function taskOf(number) {
  return number < rareTasks ? `rare-${number}` : `busy-${number % busyTasks}`
}

function startOf(startedMs, task, number) {
  return {
    run: newRunId(startedMs),
    task,
    slot: Math.floor(startedMs / 1000),
    dueMs: startedMs,
    trigger: 'schedule',
    attempt: 1 + (number % 2),
    startedMs,
    host: 'web1.example.com',
    revision: '4f2a91c03b1e',
  }
}

function endOf({ startedMs }, number) {
  const failed = number % failedEach === 0
  return {
    outcome: failed ? 'failed' : 'ok',
    exitCode: failed ? 1 : 0,
    signal: null,
    reason: null,
    endedMs: startedMs + 1_234,
  }
}
