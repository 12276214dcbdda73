import fs from 'node:fs'
import path from 'node:path'
import { readHistory } from '../../dist/record/history/read-history.js'
import { marked } from '../daemon.js'
import { isAlive } from './site.js'
import { endable, retries } from './tasks.js'

/** At most this many breaches of one kind are reported. */
const maxReported = 3
const slotTriggers = new Set(['schedule', 'catchup', 'retry'])
const tornReasons = new Set(['timeout', 'kill', 'stop', 'replace', 'reload', 'removed'])

/**
 * Compares what the tasks wrote themselves with what torch has on record. A round may have `since` (older
 * rows of its history are not its own), `sizes` (by run: the size of its output at its end, if outputs are
 * not kept) and `isSilent` (tasks that write nothing themselves).
 */
export function checkRound(round) {
  const { site, mayBeUnknown, breaches, isSilent = () => false } = round
  const witness = readWitness(site)
  const reader = readHistory(path.join(site.home, 'history.db'))
  const rows = reader.rows({ limit: 10_000_000, since: round.since })
  reader.close()
  const runs = new Map(rows.filter((row) => row.run !== null).map((row) => [row.run, row]))
  const counts = {}
  const breach = (kind, words) => {
    counts[kind] = (counts[kind] ?? 0) + 1
    if (counts[kind] <= maxReported) breaches.push(`${kind}: ${words}`)
  }
  checkTwice(witness, runs, breach)
  for (const seen of witness.values()) checkRun(round, seen, runs.get(seen.run), breach)
  for (const row of runs.values())
    if (!isSilent(row.task)) checkRow(row, witness, mayBeUnknown, breach)
  if (rows.filter((row) => row.run !== null).length !== runs.size)
    breach('history', 'a run has two rows')
  checkSeconds(witness, rows, breach)
  checkRetries(rows, breach)
  checkLeft(site, breach)
  for (const [kind, count] of Object.entries(counts))
    if (count > maxReported) breaches.push(`${kind}: ${count - maxReported} more`)
  const unknown = [...runs.values()].filter(({ outcome }) => outcome === 'unknown').length
  return { starts: witness.size, rows: rows.length, unknown }
}

/** What each run wrote, by run id. */
function readWitness(site) {
  const seen = new Map()
  for (const task of fs.readdirSync(site.witness)) {
    const lines = fs.readFileSync(path.join(site.witness, task), 'utf8').trimEnd().split('\n')
    for (const line of lines) {
      const [word, run, ...rest] = line.split(' ')
      if (word === 'start') {
        const [slot, attempt] = rest
        const before = seen.get(run)
        seen.set(run, {
          run,
          task,
          slot,
          attempt: Number(attempt),
          starts: (before?.starts ?? 0) + 1,
        })
      } else {
        const [kind, value, bytes] = rest
        Object.assign(seen.get(run), { end: { kind, value, bytes: Number(bytes) } })
      }
    }
  }
  return seen
}

function checkTwice(witness, runs, breach) {
  const starts = new Map()
  for (const { run, task, slot, attempt, starts: count } of witness.values()) {
    if (count > 1) breach('twice', `run ${run} of ${task} started ${count} times`)
    if (!slotTriggers.has(runs.get(run)?.trigger)) continue
    const key = `${task} ${slot} ${attempt}`
    if (starts.has(key)) breach('twice', `${key}: ${starts.get(key)} and ${run}`)
    starts.set(key, run)
  }
}

function checkRun(round, seen, row, breach) {
  const { site, sizes, mayBeUnknown, mayBeShot } = round
  const name = `${seen.task} ${seen.run}`
  if (row === undefined) return breach('no record', `${name} started but is not in the history`)
  const { end } = seen
  const byTorch = endable.has(seen.task) || row.reason === 'stop'
  const isShot = mayBeShot.has(seen.run) && row.signal === 'SIGKILL'
  const isTorn =
    isShot ||
    (byTorch && tornReasons.has(row.reason) && ['killed', 'timeout'].includes(row.outcome))
  if (end === undefined) {
    if (!isTorn && !mayBeUnknown.has(seen.run))
      breach('no end', `${name} never wrote its end; on record ${shown(row)}`)
    return undefined
  }
  if (!isTorn && !mayBeUnknown.has(seen.run) && !isTrue(end, row))
    breach('untrue', `${name} ended with ${end.kind} ${end.value}; on record ${shown(row)}`)
  const size = sizes === undefined ? sizeOfOutput(site, seen) : sizes.get(seen.run)
  if (size !== end.bytes) breach('output', `${name} wrote ${end.bytes} bytes, torch has ${size}`)
  return undefined
}

/** In bytes; undefined if there is no output. */
export function sizeOfOutput(site, { task, run }) {
  const output = path.join(site.home, 'runs', task, run, 'output')
  return fs.statSync(output, { throwIfNoEntry: false })?.size
}

function isTrue(end, row) {
  if (end.kind === 'signal') return row.outcome === 'killed' && row.signal === end.value
  const code = Number(end.value)
  // torch reads a status of 130 or 141, without a message of the shell, as the signal INT or PIPE.
  if (code === 130 && row.signal === 'SIGINT') return true
  return row.exitCode === code && row.outcome === (code === 0 ? 'ok' : 'failed')
}

function checkRow(row, witness, mayBeUnknown, breach) {
  const name = `${row.task} ${row.run}`
  if (row.outcome === 'running') breach('running', `${name} is still on record as running`)
  if (row.outcome === 'unknown' && !mayBeUnknown.has(row.run))
    breach('unknown', `${name}: ${shown(row)}`)
  // Except failures that the campaign itself causes.
  if (row.outcome === 'spawn-failed' && !row.reason.includes('made to fail'))
    breach('spawn-failed', `${name}: ${row.reason}`)
  if (['ok', 'failed'].includes(row.outcome) && !witness.has(row.run))
    breach('made up', `${name}: ${shown(row)}, but it never started`)
}

/** Each second of the task `second`, which is due each second and may always start, is started or on record. */
function checkSeconds(witness, rows, breach) {
  const of = rows.filter(({ task }) => task === 'second')
  const started = [...witness.values()]
    .filter(({ task }) => task === 'second')
    .map(({ slot }) => Date.parse(slot) / 1000)
  const known = new Set(started)
  for (const row of of) {
    const first = Date.parse(row.slot) / 1000
    const last = row.lastSlot === null ? first : Date.parse(row.lastSlot) / 1000
    if (row.trigger === 'schedule')
      for (let second = first; second <= last; second++) known.add(second)
  }
  for (let second = Math.min(...started); second <= Math.max(...started); second++)
    if (!known.has(second))
      breach(
        'lost',
        `second at ${new Date(second * 1000).toISOString()} did not start and is not on record`,
      )
}

/** Each failed attempt was retried, or the reason why not is on record. */
function checkRetries(rows, breach) {
  const again = rows.filter(({ task, trigger }) => task === 'again' && trigger !== 'manual')
  const seen = new Set(again.map(({ slot, attempt }) => `${slot} ${attempt}`))
  for (const { slot, attempt, outcome } of again)
    if (outcome === 'failed' && attempt <= retries && !seen.has(`${slot} ${attempt + 1}`))
      breach('retry lost', `again ${slot}: no attempt ${attempt + 1}`)
}

function checkLeft(site, breach) {
  for (const run of fs.readdirSync(path.join(site.home, 'active')))
    breach('active', `${run} is left in active/`)
  // Two kinds of processes may be left: the child that 'parent' leaves behind on purpose ends in a moment;
  // and if the campaign killed only the command, its child is a straggler, which torch only reports.
  const left = marked(site.folder).filter(isAlive)
  for (const pid of left) {
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    if (!/^sleep (2|3600) /.test(words)) breach('process', `${pid} is left: ${words}`)
  }
  for (const line of logOf(site).split('\n')) {
    if (
      line === '' ||
      line.startsWith('{') ||
      /^\s+at /.test(line) ||
      line.includes('made to fail')
    )
      continue
    breach('log', line)
  }
}

/** Without the stack of a daemon that the campaign made fail. */
function logOf({ log, oldLogs = [] }) {
  const text = [...oldLogs, log].map((file) => fs.readFileSync(file, 'utf8')).join('')
  return text.replaceAll(/^file:.*crash-entry[^]*?^Node\.js v.*$/gm, '')
}

function shown({ outcome, exitCode, signal, reason }) {
  return [outcome, exitCode, signal, reason].filter((part) => part !== null).join(' ')
}
