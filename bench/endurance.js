import fs from 'node:fs'
import path from 'node:path'
import { marked, nextSecond, pause, readProc, withDaemon } from './daemon.js'
import { checkDisturbance, checkEdits, checkLeaks, checkSeconds } from './endurance-checks.js'
import { edits, firstFile, lineOf, makeRepository, textOf } from './endurance-file.js'

/** 30 edits a minute. */
const editEveryMs = 2_000
/** Of a daemon that looks each second, on a machine that does much else. */
const maxAnswerMs = 10_000
const sampleEveryMs = 5_000

/**
 * 200 tasks, 50 of them each second, while their file is edited in every way: nothing may be
 * missed, fire twice, be disturbed or leak, and each bad edit has to be reported with its line.
 */
export async function endurance({ minutes }, say) {
  const place = {}
  return withDaemon(
    ({ folder, tasks, mark }) => {
      Object.assign(place, { folder, tasks, file: firstFile(mark) })
      makeRepository(place, place.file)
      fs.writeFileSync(tasks, textOf(place.file))
    },
    async ({ folder, home, torch, pid }) => {
      const log = path.join(home, 'daemon.log')
      place.log = log
      const ready = readLog(log).find(({ event }) => event === 'ready')
      const from = Math.ceil(Date.parse(ready.time) / 1000) + 1
      const stopSampling = startSampling(pid)
      const stopTimer = startTimer()
      const made = await editFor(place, minutes * 60_000, say)
      await nextSecond(0)
      const samples = stopSampling()
      const timerLates = stopTimer()
      const upTo = Math.floor(Date.now() / 1000) - 1
      const status = JSON.parse(await torch('status', '--json'))
      const history = JSON.parse(await torch('history', '-n', '1000000', '--json'))
      say('stopping ...')
      await torch('stop')
      const left = marked(folder)

      const parts = [
        checkSeconds(folder, { from, upTo }, history, timerLates),
        checkEdits(made, status),
        checkDisturbance(folder, history),
        checkLeaks(samples, left, isRunning(pid)),
      ]
      return {
        tables: parts.map((part) => part.table),
        breaches: parts.flatMap((part) => part.breaches),
      }
    },
  )
}

/**
 * One edit after the other. The next one waits for the daemon's word on this one: what is
 * overwritten before it was looked at is no edit that anybody missed.
 */
async function editFor(place, durationMs, say) {
  const made = []
  const begin = Date.now()
  const count = Math.floor(durationMs / editEveryMs)
  for (let edit = 0; edit < count; edit++) {
    await pause(begin + edit * editEveryMs - Date.now())
    const act = edits[edit % edits.length]
    const since = fs.statSync(place.log).size
    place.answer = (isIt) => answerInLog(place.log, since, isIt)
    const { file, expect, line } = await act(place, place.file, edit)
    const doneMs = Date.now()
    const answer = expect && (await place.answer(answers[expect](line)))
    place.file = file
    const lines = linesAfter(place.log, since)
    made.push({ edit, kind: act.name, expect, line, answer, doneMs, lines })
    if (edit % 30 === 0) say(`edit ${edit} of ${count} ...`)
  }
  // The last state is a good one.
  fs.writeFileSync(place.tasks, textOf(place.file))
  await pause(2 * editEveryMs)
  return made
}

const answers = {
  load: () => (line) => line.event === 'load',
  refuse: (at) => (line) =>
    line.event === 'refuse' && line.problems.some((problem) => lineOf(problem) === at),
}

/** The first line of the log that is the daemon's word; undefined where it does not come. */
async function answerInLog(log, since, isIt) {
  for (const end = Date.now() + maxAnswerMs; Date.now() < end; await pause(20)) {
    const found = linesAfter(log, since).find(isIt)
    if (found !== undefined) return found
  }
  return undefined
}

/** What the log has of loads after so many bytes. */
function linesAfter(log, since) {
  const size = fs.statSync(log).size - since
  const buffer = Buffer.alloc(size)
  const descriptor = fs.openSync(log, 'r')
  fs.readSync(descriptor, buffer, 0, size, since)
  fs.closeSync(descriptor)
  const whole = buffer.toString().split('\n').slice(0, -1)
  return whole
    .filter((line) => /"event":"(load|refuse)"/.test(line))
    .map((line) => JSON.parse(line))
}

/** What the daemon holds, every few seconds. */
function startSampling(pid) {
  const begin = Date.now()
  const samples = []
  const sample = () => {
    const status = readProc(pid, 'status') ?? ''
    samples.push({
      minute: (Date.now() - begin) / 60_000,
      rssMb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024,
      descriptors: fs.readdirSync(`/proc/${pid}/fd`).length,
      zombies: zombiesOf(pid),
    })
  }
  const timer = setInterval(sample, sampleEveryMs)
  return () => {
    clearInterval(timer)
    return samples
  }
}

/** What this process itself, which has little to do, reaches each second: how busy the machine is. */
function startTimer() {
  const lates = []
  let timer
  const wait = () => 1000 - (Date.now() % 1000)
  const beat = () => {
    const late = Date.now() % 1000
    // A timer may fire a little early: then it is still the second before.
    if (late < 990) lates.push(late)
    timer = setTimeout(beat, wait())
  }
  timer = setTimeout(beat, wait())
  return () => {
    clearTimeout(timer)
    return lates
  }
}

function zombiesOf(pid) {
  const children = (readProc(pid, `task/${pid}/children`) ?? '').trim().split(' ')
  return children.filter(isZombie)
}

/** Not one that is gone, and that a slow init has not yet taken off the table. */
function isRunning(pid) {
  return readProc(pid, 'stat') !== undefined && !isZombie(pid)
}

function isZombie(pid) {
  return /\) Z /.test(readProc(pid, 'stat') ?? '')
}

function readLog(file) {
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
