import fs from 'node:fs'
import path from 'node:path'
import { openHistory } from '../../dist/record/history/write-history.js'
import { runRow } from '../../dist/record/history/rows.js'
import { newRunId } from '../../dist/run/directory.js'

/** The one task that is due each second, so that its lateness shows what pages cost the daemon. */
export const tickTask = 'tick'
/** One run in 20 fails; each takes between a second and ten minutes. */
const failedEach = 20
const lengths = [1_234, 12_000, 61_000, 600_000]
/** Each task runs every 86 minutes, if there are 2,000 of them and a million rows. */
const spanMs = 30 * 24 * 3_600_000
const rowsPerFlush = 10_000

export function taskNames(count) {
  return Array.from({ length: count }, (_, index) => `job-${String(index).padStart(5, '0')}`)
}

/** Each task runs once an hour: 2,000 of them are about one start in two seconds, beside the one of each second. */
export function tasksText(names, mark) {
  const secondOf = (index) => Math.floor((index * 3_600) / names.length)
  const task = (name, index) =>
    `  ${name}: { schedule: '${secondOf(index) % 60} ${Math.floor(secondOf(index) / 60)} * * * *', command: 'true', description: 'Job ${index} of the night', labels: { team: team-${index % 20} } }\n`
  return (
    `defaults: { env: { MARK: ${mark} } }\n` +
    `tasks:\n  ${tickTask}: { schedule: '* * * * * *', command: 'true' }\n${names.map(task).join('')}`
  )
}

/** Writes the history with the code of the daemon: 30 days, evenly. */
export function writeHistory(home, names, count, nowMs) {
  fs.mkdirSync(home, { recursive: true, mode: 0o700 })
  const troubles = []
  const kept = openHistory(path.join(home, 'history.db'), {
    after: () => () => {},
    now: () => nowMs,
    onTrouble: (message) => troubles.push(message),
  })
  for (let index = 0; index < count; index++) {
    const age = spanMs - (spanMs * index) / count
    kept.add(rowOf(names[(index * 7919) % names.length], Math.floor(nowMs - age), index))
    if (index % rowsPerFlush === 0) kept.flush()
  }
  kept.close()
  if (troubles.length > 0) throw new Error(troubles.join('\n'))
}

function rowOf(task, startedMs, index) {
  const failed = index % failedEach === 0
  const run = {
    run: newRunId(startedMs),
    task,
    slot: Math.floor(startedMs / 1000),
    dueMs: startedMs,
    trigger: 'schedule',
    attempt: 1,
    startedMs,
    host: 'web1.example.com',
    revision: '4f2a91c03b1e',
  }
  return runRow(run, {
    outcome: failed ? 'failed' : 'ok',
    exitCode: failed ? 1 : 0,
    signal: null,
    reason: null,
    endedMs: Math.min(startedMs + lengths[index % lengths.length], Date.now()),
  })
}
