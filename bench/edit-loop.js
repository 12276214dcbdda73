import fs from 'node:fs'
import { pause } from './daemon.js'
import { edits, lineOf, textOf } from './endurance-file.js'

/** Of a daemon that looks each second, on a machine that does much else. */
const maxAnswerMs = 10_000

/**
 * One edit after the other, each of the next kind. The next one waits for the daemon's word on this
 * one: what is overwritten before it was looked at is no edit that anybody missed. `first` is the
 * number of the first; `between` is done before each. Gives what was done, and what the log said.
 */
export async function editFor(place, { durationMs, everyMs, first = 0, between }, say) {
  const made = []
  const begin = Date.now()
  const count = Math.floor(durationMs / everyMs)
  for (let edit = first; edit < first + count; edit++) {
    await pause(begin + (edit - first) * everyMs - Date.now())
    await between?.()
    const act = edits[edit % edits.length]
    const since = fs.statSync(place.log).size
    place.answer = (isIt) => answerInLog(place.log, since, isIt)
    const { file, expect, line } = await act(place, place.file, edit)
    const doneMs = Date.now()
    const answer = expect && (await place.answer(answers[expect](line)))
    place.file = file
    const lines = linesAfter(place.log, since)
    made.push({ edit, kind: act.name, expect, line, answer, doneMs, lines })
    if (edit % 30 === 0) say(`edit ${edit - first} of ${count} ...`)
  }
  // The last state is a good one.
  fs.writeFileSync(place.tasks, textOf(place.file))
  await pause(2 * everyMs)
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
