import fs from 'node:fs'
import path from 'node:path'
import { daemons, long, secondly, taskCount } from './endurance-file.js'
import { percentile, round, slope, spread } from './figures.js'
import { zombiesThatStay } from './usage.js'

/** A slope counts only over this time or more; more than this much is growth. */
const minMinutesForGrowth = 5
const warmUpShare = 0.3
const maxGrowthMbPerMinute = 0.5

/** By what the tasks themselves wrote: each second of the range started once, and none twice. */
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
    return `${isoOf(second)} missed by ${tasks.length} tasks, on record for ${rows.length} of them`
  })
  const failed = history.filter(
    (row) => secondly.includes(row.task) && !['ok', 'running', 'missed'].includes(row.outcome),
  )
  const others = failed.map((row) => `${row.task} ${row.slot}: ${row.outcome} (${row.reason})`)
  const rows = [
    { what: `starts of ${secondly.length} tasks in ${upTo - from + 1} seconds`, ...spread(late) },
    { what: 'a bare timer at the same time', ...spread(timerLates) },
  ]
  return {
    table: { title: 'Milliseconds after the second', rows },
    breaches: [...twice, ...missed, ...others],
  }
}

/** What the log of the daemon says about each edit. */
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
    // From the last write to the answer of the daemon.
    if (edit.answer !== undefined) row.waits.push(Date.parse(edit.answer.time) - edit.doneMs)
    kinds.set(edit.kind, row)
  }
  const rows = [...kinds].map(([kind, { waits, ...row }]) => ({
    kind,
    ...row,
    p50: waits.length > 0 ? percentile(waits, 0.5) : '-',
    max: waits.length > 0 ? Math.max(...waits) : '-',
  }))
  const title = `${made.length} edits, what the log says, and after how many ms`
  return { table: { title, rows }, breaches }
}

function faultOf({ kind, expect, line, answer, doneMs, lines }) {
  const refusals = lines.filter(({ event }) => event === 'refuse').length
  const instead = lines.map(({ event, time }) => `${event} at ${time}`).join(', ') || 'nothing'
  if (expect === 'load' && answer === undefined)
    return `written at ${new Date(doneMs).toISOString()}, but not loaded; the log has ${instead}`
  if (expect === 'refuse' && answer === undefined) return `line ${line} was not reported`
  if (kind === 'halfForLong' && refusals === 0)
    return 'its first half was not reported with its line'
  if (expect !== 'refuse' && kind !== 'halfForLong' && refusals > 0)
    return 'was refused, but it is good'
  return undefined
}

/** What status says after the last edit, which was good. */
export function checkStatus(status) {
  const breaches = []
  if (!status.file.ok) breaches.push('the last file is good, but status says that it is not')
  if (status.tasks.length < taskCount) breaches.push(`status has ${status.tasks.length} tasks`)
  return breaches
}

/** Long runs end as they began, and each daemon task keeps the same two processes all the time. */
export function checkDisturbance(folder, history) {
  const breaches = []
  let pairs = 0
  for (const name of long) {
    const begun = new Set()
    for (const [word, slot, pid] of linesOf(folder, name)) {
      if (word === 'begin') begun.add(`${slot} ${pid}`)
      else if (begun.delete(`${slot} ${pid}`)) pairs += 1
      else breaches.push(`${name}: an end of ${slot} without its start`)
    }
    for (const open of begun) breaches.push(`${name}: ${open} did not end by itself`)
  }
  const processes = daemons.map((name) => linesOf(folder, name).length)
  processes.forEach((count, index) => {
    if (count !== 2) breaches.push(`${daemons[index]}: ${count} processes instead of 2`)
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
  return { table: { title: 'Runs that the edits must not disturb', rows }, breaches }
}

/** Memory after the warm-up, descriptors, zombies that stay, and processes left after the stop. */
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
  if (daemonLives) breaches.push('the daemon still runs after torch stop')
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
  return { table: { title: 'Usage of the daemon', rows }, breaches }
}

/** The lines that a task wrote, split into words. */
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
