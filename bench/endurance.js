import fs from 'node:fs'
import path from 'node:path'
import { startTimer } from './bare-timer.js'
import { marked, nextSecond, withDaemon } from './daemon.js'
import { editFor } from './edit-loop.js'
import {
  checkDisturbance,
  checkEdits,
  checkLeaks,
  checkSeconds,
  checkStatus,
} from './endurance-checks.js'
import { firstFile, makeRepository, textOf } from './endurance-file.js'
import { usageOf, isRunning } from './usage.js'

/** 30 edits a minute. */
const editEveryMs = 2_000
const sampleEveryMs = 5_000

/**
 * 200 tasks, 50 of them each second, while their file is edited in every way. No second may be missed or
 * started twice, no run disturbed, nothing may leak, and each bad edit has to be reported with its line.
 */
export async function endurance({ minutes }, say) {
  const repository = {}
  return withDaemon(
    ({ folder, tasks, mark }) => {
      Object.assign(repository, { folder, tasks, file: firstFile(mark) })
      makeRepository(repository, repository.file)
      fs.writeFileSync(tasks, textOf(repository.file))
    },
    async ({ folder, home, torch, pid }) => {
      const log = path.join(home, 'daemon.log')
      repository.log = log
      const ready = readLog(log).find(({ event }) => event === 'ready')
      const from = Math.ceil(Date.parse(ready.time) / 1000) + 1
      const stopSampling = startSampling(pid)
      const stopTimer = startTimer()
      const made = await editFor(
        repository,
        { durationMs: minutes * 60_000, everyMs: editEveryMs },
        say,
      )
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
        checkEdits(made),
        checkDisturbance(folder, history),
        checkLeaks(samples, left, isRunning(pid)),
      ]
      return {
        tables: parts.map((part) => part.table),
        breaches: [...parts.flatMap((part) => part.breaches), ...checkStatus(status)],
      }
    },
  )
}

/** Samples the usage of the daemon every few seconds. */
function startSampling(pid) {
  const begin = Date.now()
  const samples = []
  const sample = () => {
    const held = usageOf(pid)
    if (held !== undefined) samples.push({ minute: (Date.now() - begin) / 60_000, ...held })
  }
  const timer = setInterval(sample, sampleEveryMs)
  return () => {
    clearInterval(timer)
    return samples
  }
}

function readLog(file) {
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
