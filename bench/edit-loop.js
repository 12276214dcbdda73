import fs from 'node:fs'
import { pause } from './daemon.js'
import { edits, lineOf, textOf } from './endurance-file.js'

/** How long to wait for a daemon that checks its file each second, on a busy machine. */
const maxAnswerMs = 10_000

/**
 * Makes one edit after the other, each of the next kind. Each waits until the daemon has answered the
 * one before: the daemon need not see an edit that is overwritten too early. `first` is the number of
 * the first edit; `between` is called before each. Returns the edits, each with what the log says.
 */
export async function editFor(repository, { durationMs, everyMs, first = 0, between }, say) {
  const made = []
  const begin = Date.now()
  const count = Math.floor(durationMs / everyMs)
  for (let edit = first; edit < first + count; edit++) {
    await pause(begin + (edit - first) * everyMs - Date.now())
    await between?.()
    const act = edits[edit % edits.length]
    const since = fs.statSync(repository.log).size
    repository.answer = (isIt) => answerInLog(repository.log, since, isIt)
    const { file, expect, line } = await act(repository, repository.file, edit)
    const doneMs = Date.now()
    const answer = expect && (await repository.answer(answers[expect](line)))
    repository.file = file
    const lines = linesAfter(repository.log, since)
    made.push({ edit, kind: act.name, expect, line, answer, doneMs, lines })
    if (edit % 30 === 0) say(`edit ${edit - first} of ${count} ...`)
  }
  // The file is good at the end.
  fs.writeFileSync(repository.tasks, textOf(repository.file))
  await pause(2 * everyMs)
  return made
}

const answers = {
  load: () => (line) => line.event === 'load',
  refuse: (at) => (line) =>
    line.event === 'refuse' && line.problems.some((problem) => lineOf(problem) === at),
}

/** The first line of the log with the answer; undefined if it does not come. */
async function answerInLog(log, since, isIt) {
  for (const end = Date.now() + maxAnswerMs; Date.now() < end; await pause(20)) {
    const found = linesAfter(log, since).find(isIt)
    if (found !== undefined) return found
  }
  return undefined
}

/** The lines about loads after the first `since` bytes of the log. */
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
