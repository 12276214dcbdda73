/*
 * The independent checker of the fleet. It reads what the commands wrote about themselves, and the rows of
 * `torch history --json` of each home; nothing of the engine, and no code of torch.
 *
 * A command writes lines `task slot try run host pid uptime WORD`, all into one file: `begin`, `beat` while it
 * lives, and `end`, or `term` if it is told to end. Uptime is in seconds; one clock for all, because all runs are on one machine.
 */

/** At most this many breaches of one kind are reported. */
const maxReported = 5
/** A machine counts as gone after so long without a word. */
const silentSeconds = 15
/** A clock may be ahead of the engine's by that much; and a start may come that late after its time. */
const earlySeconds = 6
const lateSeconds = 15
/** A run writes a sign of life each half second. */
const signSeconds = 1.5
/** The guard acts within seconds, and the next machine needs a moment: the gap beyond the promise. */
const maxExtraSeconds = 8

/** Reads the file of the commands; a line that is not whole is a breach of its own. */
export function readLines(text) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [task, slot, tryNumber, run, host, pid, uptime, word, ...more] = line.split(' ')
      const isWhole = more.length === 0 && ['begin', 'beat', 'end', 'term'].includes(word ?? '')
      return { task, slot, tryNumber, run, host, pid, uptime: Number(uptime), word, isWhole, line }
    })
}

/**
 * Compares the lines with what was promised. `tasks` are the expected ones:
 *
 *   name     of the task
 *   kind     `slots`, `daemon` (always runs) or `host` (a plain task, which each machine starts by itself)
 *   every    `slots` and `host`: seconds between two slots
 *   max      how many may run at one time; undefined: any number
 *   holdFor  `daemon`, and with `tries`: seconds after which a silent machine has broken its promise
 *   within   `slots`: a start comes at most so many seconds after its slot
 *   tries    `slots`: a run that is lost with its machine starts again, up to so many tries
 *
 * `rows` are those of all homes; `from` and `to` bound the slots that are looked for (seconds since the
 * epoch); `lived` bounds the time of the daemon tasks, and `away` has the times without an engine (both in
 * seconds of uptime); `barred` are times in which a machine must not start a task: { task, host, from, to }.
 * `disturbed` are times in which a machine was not as it should be, { host, from, to, isCrash, isClock }: after a
 * crash nothing of what it ran is left; if its clock was set back, an interval has the same seconds again. `bootedAt` is when uptime was 0, in seconds since the epoch.
 */
export function checkFleet(facts) {
  const { lines, rows, tasks, from, to, lived, away = [], barred = [], disturbed = [] } = facts
  const breaches = []
  const counts = {}
  const breach = (kind, words) => {
    counts[kind] = (counts[kind] ?? 0) + 1
    if (counts[kind] <= maxReported) breaches.push(`${kind}: ${words}`)
  }
  for (const { isWhole, line } of lines) if (!isWhole) breach('torn line', line)
  const runs = runsOf(lines)
  const known = new Map(tasks.map((task) => [task.name, task]))
  checkDoubled(runs, known, disturbed, breach)
  for (const task of tasks) {
    const own = runs.filter((run) => run.task === task.name)
    if (task.max !== undefined) checkOverlap(task, own, breach)
    if (task.kind === 'slots') checkSlots(task, own, rows, { from, to }, breach)
    if (task.within !== undefined) checkTimes(task, own, facts, breach)
    if (task.tries !== undefined) checkTries(task, own, facts, breach)
    if (task.kind === 'daemon') checkGaps(task, own, lived, away, breach)
  }
  for (const bar of barred) checkBarred(bar, runs, breach)
  const slots = tasks.filter(({ kind }) => kind === 'slots')
  const due = slots.reduce((sum, { every }) => sum + slotsBetween(every, from, to).length, 0)
  const begun = runs.filter(({ task, slot }) => isSlotOf(known.get(task), slot, from, to))
  const started = new Set(begun.map(({ task, slot }) => `${task} ${slot}`)).size
  const daemons = tasks.filter(({ kind }) => kind === 'daemon')
  return {
    breaches,
    figures: {
      due,
      started,
      'not started': due - started,
      doubled: counts.doubled ?? 0,
      unexplained: counts.unexplained ?? 0,
      overlaps: counts.overlap ?? 0,
      'gaps too long': counts.gap ?? 0,
      'started again': begun.filter((run) => isSecondTry(run, known)).length,
      'longest gap, s': Math.max(0, ...daemons.map((task) => longestGap(task, runs, lived))),
      'other breaches': otherCount(counts),
    },
  }
}

/** One entry for each run: when it was seen for the first and the last time. */
function runsOf(lines) {
  const runs = new Map()
  for (const { task, slot, tryNumber, run, host, pid, uptime, word } of lines) {
    const key = `${run} ${host}`
    const entry = runs.get(key) ?? {
      ...{
        task,
        slot,
        tryNumber,
        run,
        host,
        begins: 0,
        first: uptime,
        last: uptime,
        pids: new Set(),
        words: new Set(),
      },
    }
    runs.set(key, entry)
    if (word === 'begin') entry.begins += 1
    entry.pids.add(pid)
    entry.words.add(word)
    entry.first = Math.min(entry.first, uptime)
    entry.last = Math.max(entry.last, uptime)
  }
  return [...runs.values()]
}

/** At most one begin of each task, slot and try; of a plain task, on each machine and as long as its clock goes on. */
function checkDoubled(runs, known, disturbed, breach) {
  const seen = new Map()
  const hasClockSet = (host, first) =>
    disturbed.some(
      (each) => each.isClock && each.host === host && each.from <= first && first <= each.to,
    )
  for (const { task, slot, tryNumber, run, host, first, begins, pids } of runs) {
    const kind = known.get(task)?.kind
    if (begins > 1) breach('doubled', `run ${run} of ${task} began ${begins} times on ${host}`)
    if (pids.size > 1)
      breach('doubled', `run ${run} of ${task} has the pids ${[...pids].join(' ')}`)
    if (kind === 'daemon' || slot === '-') continue
    const key = [task, slot, tryNumber, ...(kind === 'host' ? [host] : [])].join(' ')
    const other = seen.get(key)
    if (other !== undefined && begins > 0 && !(kind === 'host' && hasClockSet(host, first)))
      breach('doubled', `${key} began on ${other} and on ${host}`)
    seen.set(key, host)
  }
}

/** Never more than `max` at one time. */
function checkOverlap({ name, max }, runs, breach) {
  const ordered = runs.toSorted((a, b) => a.first - b.first)
  for (const [index, run] of ordered.entries()) {
    const others = ordered.slice(0, index).filter(({ last }) => last > run.first)
    if (others.length < max) continue
    const words = others.map(({ run: id, host, last }) => `${id} on ${host}, until ${last}`)
    breach(
      'overlap',
      `${name} began on ${run.host} at ${run.first} (${run.run}) beside ${words.join('; ')}`,
    )
  }
}

/** Each slot began, or at least one machine has a row that says why not. */
function checkSlots({ name, every }, runs, rows, { from, to }, breach) {
  const begun = new Set(runs.map(({ slot }) => secondsOf(slot)))
  const own = rows.filter((row) => row.task === name && row.slot !== null && explains(row))
  const explained = new Set(own.map(({ slot }) => secondsOf(slot)))
  const ranges = own.filter(({ lastSlot }) => lastSlot !== null)
  for (const slot of slotsBetween(every, from, to)) {
    if (begun.has(slot) || explained.has(slot)) continue
    const isCovered = ranges.some(
      (row) => secondsOf(row.slot) <= slot && slot <= secondsOf(row.lastSlot),
    )
    const when = new Date(slot * 1000).toISOString()
    if (!isCovered) breach('unexplained', `${name} at ${when} neither began nor is on record`)
  }
}

/** A run that is on record as good must have begun. */
function explains({ outcome }) {
  return outcome !== 'ok' && outcome !== 'running'
}

/** No time without a run is longer than the promise of a machine, not counting the time without an engine. */
function checkGaps({ name, holdFor }, runs, lived, away, breach) {
  for (const { from, to } of gapsOf(runs, lived)) {
    const length = to - from - timeWithin(away, from, to)
    if (length > holdFor + maxExtraSeconds)
      breach(
        'gap',
        `${name} did not run from ${from} to ${to}: ${length.toFixed(1)} s with an engine, not ${holdFor + maxExtraSeconds}`,
      )
  }
}

/** No start comes before its slot, beyond what clocks differ, or long after it. */
function checkTimes({ name, within }, runs, { bootedAt }, breach) {
  if (bootedAt === undefined) return
  for (const { slot, first, host, run } of runs) {
    const late = bootedAt + first - secondsOf(slot)
    if (late < -earlySeconds || late > within + lateSeconds)
      breach(
        'untimely',
        `${name} at ${slot} began ${late.toFixed(1)} s after it on ${host} (${run})`,
      )
  }
}

/**
 * A slot starts again only if its machine was disturbed while it ran, after the try before was over, and at most
 * `tries` times. What a machine ran when it crashed starts again within the promise.
 */
function checkTries({ name, tries, holdFor }, runs, facts, breach) {
  const { disturbed = [], away = [], lived } = facts
  const tried = (slot, number) =>
    runs.find((run) => run.slot === slot && Number(run.tryNumber) === number)
  for (const next of runs) {
    const number = Number(next.tryNumber)
    if (number > tries) breach('tries', `${name} at ${next.slot} has a try ${number}`)
    if (number === 1) continue
    const before = tried(next.slot, number - 1)
    const words = `try ${number} of ${name} at ${next.slot} began on ${next.host} at ${next.first}`
    if (before !== undefined && before.last > next.first)
      breach('tries', `${words}, before try ${number - 1} was over on ${before.host}`)
    const isReason = ({ host, from, to }) =>
      (before === undefined || host === undefined || host === before.host) &&
      from <= next.first &&
      to >= (before?.first ?? next.first - silentSeconds - holdFor - 2 * maxExtraSeconds)
    if (![...disturbed, ...away].some(isReason)) breach('tries', `${words} without a reason`)
  }
  for (const { host, from, to, isCrash } of disturbed) {
    if (isCrash !== true) continue
    for (const run of runs) {
      const isHit = run.host === host && run.last <= from + 1 && run.last >= from - signSeconds
      const number = Number(run.tryNumber)
      if (!isHit || run.words.has('end') || run.words.has('term') || number >= tries) continue
      const promise = silentSeconds + holdFor + maxExtraSeconds
      const until = from + promise + timeWithin(away, from, from + 3 * promise)
      if (until > Math.min(to, lived.to)) continue
      const next = tried(run.slot, number + 1)
      if (next === undefined || next.first > until)
        breach('not again', `${name} at ${run.slot} was lost with ${host} at ${from} (${run.run})`)
    }
  }
}

function isSecondTry({ task, tryNumber }, known) {
  return known.get(task)?.tries !== undefined && Number(tryNumber) > 1
}

function timeWithin(spans, from, to) {
  return spans.reduce(
    (sum, each) => sum + Math.max(0, Math.min(to, each.to) - Math.max(from, each.from)),
    0,
  )
}

function gapsOf(runs, lived) {
  const gaps = []
  let end = lived.from
  for (const { first, last } of runs.toSorted((a, b) => a.first - b.first)) {
    if (first > end) gaps.push({ from: end, to: first })
    end = Math.max(end, last)
  }
  if (lived.to > end) gaps.push({ from: end, to: lived.to })
  return gaps
}

function checkBarred({ task, host, from, to }, runs, breach) {
  for (const run of runs)
    if (run.task === task && run.host === host && run.first > from && run.first < to)
      breach(
        'barred',
        `${task} began on ${host} at ${run.first}, which was not allowed to start it`,
      )
}

function slotsBetween(every, from, to) {
  const slots = []
  for (let slot = Math.ceil(from / every) * every; slot <= to; slot += every) slots.push(slot)
  return slots
}

function isSlotOf(task, slot, from, to) {
  if (task?.kind !== 'slots') return false
  const at = secondsOf(slot)
  return at >= from && at <= to && at % task.every === 0
}

function secondsOf(slot) {
  return Date.parse(slot) / 1000
}

function longestGap({ name }, runs, lived) {
  const own = runs.filter(({ task }) => task === name)
  return Math.round(Math.max(0, ...gapsOf(own, lived).map(({ from, to }) => to - from)) * 10) / 10
}

function otherCount(counts) {
  const named = ['doubled', 'unexplained', 'overlap', 'gap']
  return Object.entries(counts)
    .filter(([kind]) => !named.includes(kind))
    .reduce((sum, [, count]) => sum + count, 0)
}
