import fs from 'node:fs'
import path from 'node:path'
import { daemons, long, secondly, taskCount } from './endurance-file.js'
import { percentile, round, slope, spread } from './figures.js'
import { zombiesThatStay } from './held.js'

/** From here on a slope is more than noise, and this much of it is growth. */
const minMinutesForGrowth = 5
const warmUpShare = 0.3
const maxGrowthMbPerMinute = 0.5

/** By what the tasks themselves wrote: each second of the range once, and none ever twice. */
export function checkSeconds(folder, { from, upTo }, history, timerLates) {
  const late = []
  const missedBy = new Map()
  const twice = []
  for (const name of secondly) {
    const seen = new Map()
    for (const [slot, nanoseconds] of linesOf(folder, name)) {
      const second = Date.parse(slot) / 1000
      seen.set(second, (seen.get(second) ?? 0) + 1)
      late.push(Number(nanoseconds) / 1e6 - second * 1000)
    }
    for (let second = from; second <= upTo; second++)
      if (!seen.has(second)) missedBy.set(second, [...(missedBy.get(second) ?? []), name])
    for (const [second, count] of seen)
      if (count > 1) twice.push(`${name}: ${count} times at ${isoOf(second)}`)
  }
  const missed = [...missedBy].map(([second, tasks]) => {
    const rows = history.filter(
      (row) =>
        tasks.includes(row.task) &&
        row.outcome === 'missed' &&
        second >= Date.parse(row.slot) / 1000 &&
        second <= Date.parse(row.lastSlot) / 1000,
    )
    return `${isoOf(second)} missed by ${tasks.length} tasks, on record for ${rows.length}`
  })
  const failed = history.filter(
    (row) => secondly.includes(row.task) && !['ok', 'running', 'missed'].includes(row.outcome),
  )
  const others = failed.map((row) => `${row.task} ${row.slot}: ${row.outcome} (${row.reason})`)
  const rows = [
    { what: `starts of ${secondly.length} tasks in ${upTo - from + 1} seconds`, ...spread(late) },
    { what: 'a bare timer beside them', ...spread(timerLates) },
  ]
  return {
    table: { title: 'Milliseconds after the second', rows },
    breaches: [...twice, ...missed, ...others],
  }
}

/** What the daemon said of each edit, in its log. */
export function checkEdits(made) {
  const breaches = []
  const kinds = new Map()
  for (const edit of made) {
    const fault = faultOf(edit)
    if (fault !== undefined) breaches.push(`edit ${edit.edit} (${edit.kind}): ${fault}`)
    const row = kinds.get(edit.kind) ?? { edits: 0, loads: 0, refusals: 0, wrong: 0, waits: [] }
    row.edits += 1
    row.loads += edit.lines.filter(({ event }) => event === 'load').length
    row.refusals += edit.lines.filter(({ event }) => event === 'refuse').length
    row.wrong += fault === undefined ? 0 : 1
    // From the last write to the word of the daemon.
    if (edit.answer !== undefined) row.waits.push(Date.parse(edit.answer.time) - edit.doneMs)
    kinds.set(edit.kind, row)
  }
  const rows = [...kinds].map(([kind, { waits, ...row }]) => ({
    kind,
    ...row,
    p50: waits.length > 0 ? percentile(waits, 0.5) : '-',
    max: waits.length > 0 ? Math.max(...waits) : '-',
  }))
  const title = `${made.length} edits, what the log says, and how soon (ms after the last write)`
  return { table: { title, rows }, breaches }
}

function faultOf({ kind, expect, line, answer, lines }) {
  const refusals = lines.filter(({ event }) => event === 'refuse').length
  if (expect === 'load' && answer === undefined) return 'was not loaded'
  if (expect === 'refuse' && answer === undefined) return `line ${line} was not reported`
  if (kind === 'halfForLong' && refusals === 0) return 'its half was not reported with its line'
  if (expect !== 'refuse' && kind !== 'halfForLong' && refusals > 0)
    return 'was refused, and is good'
  return undefined
}

/** What status says after the last edit, which was a good one. */
export function checkStatus(status) {
  const breaches = []
  if (!status.file.ok) breaches.push('the last file is good, and status says that it is not')
  if (status.tasks.length < taskCount) breaches.push(`status has ${status.tasks.length} tasks`)
  return breaches
}

/** The long ones end as they began; of each daemon task there were two processes, the same all along. */
export function checkDisturbance(folder, history) {
  const breaches = []
  let pairs = 0
  for (const name of long) {
    const begun = new Set()
    for (const [word, slot, pid] of linesOf(folder, name)) {
      if (word === 'begin') begun.add(`${slot} ${pid}`)
      else if (begun.delete(`${slot} ${pid}`)) pairs += 1
      else breaches.push(`${name}: an end of ${slot} without its beginning`)
    }
    for (const open of begun) breaches.push(`${name}: ${open} did not end by itself`)
  }
  const processes = daemons.map((name) => linesOf(folder, name).length)
  processes.forEach((count, index) => {
    if (count !== 2) breaches.push(`${daemons[index]}: ${count} processes, and not 2`)
  })
  const steady = new Set([...long, ...daemons])
  const disturbed = history.filter(
    (row) => steady.has(row.task) && !['ok', 'running'].includes(row.outcome),
  )
  for (const row of disturbed) breaches.push(`${row.task} ${row.slot}: ${row.outcome}`)
  const rows = [
    { what: `runs of ${long.length} tasks of 15 s, whole`, count: pairs },
    {
      what: `processes of ${daemons.length} daemon tasks with max 2`,
      count: processes.reduce((sum, count) => sum + count, 0),
    },
  ]
  return { table: { title: 'What ran through all edits', rows }, breaches }
}

/** Memory after the warm-up, descriptors, zombies that stay, and what is left after the stop. */
export function checkLeaks(samples, left, daemonLives) {
  const breaches = []
  const minutes = samples.at(-1).minute
  const warm = samples.filter(({ minute }) => minute >= minutes * warmUpShare)
  const growth = slope(warm.map(({ minute, rssMb }) => [minute, rssMb]))
  if (minutes >= minMinutesForGrowth && growth > maxGrowthMbPerMinute)
    breaches.push(`its memory grows by ${round(growth)} MB a minute`)
  const stuck = zombiesThatStay(samples)
  if (stuck.length > 0) breaches.push(`zombies: ${stuck.join(', ')}`)
  const least = (part) => Math.min(...part.map(({ descriptors }) => descriptors))
  const half = Math.ceil(warm.length / 2)
  const descriptors = [least(warm.slice(0, half)), least(warm.slice(half))]
  if (descriptors[1] > descriptors[0])
    breaches.push(`descriptors grow from ${descriptors.join(' to ')}`)
  if (left.length > 0) breaches.push(`left after torch stop: ${left.join(', ')}`)
  if (daemonLives) breaches.push('the daemon lives after torch stop')
  const rss = warm.map(({ rssMb }) => rssMb)
  const rows = [
    { what: 'RSS after warm-up, least, MB', value: round(Math.min(...rss), 1) },
    { what: 'RSS after warm-up, most, MB', value: round(Math.max(...rss), 1) },
    { what: 'slope of RSS, MB a minute', value: round(growth) },
    { what: 'descriptors, least of the first half', value: descriptors[0] },
    { what: 'descriptors, least of the second half', value: descriptors[1] },
    { what: 'zombies that stay', value: stuck.length },
    { what: 'processes left after torch stop', value: left.length },
  ]
  return { table: { title: 'What the daemon holds', rows }, breaches }
}

/** What a task wrote for us, in words. */
function linesOf(folder, name) {
  const file = path.join(folder, name)
  if (!fs.existsSync(file)) return []
  return fs
    .readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
}

function isoOf(second) {
  return new Date(second * 1000).toISOString()
}
