import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { historyFile } from '../../dist/record/history/database.js'
import { kindsOf, writeWitness } from '../campaign/tasks.js'
import { newSite } from '../campaign/site.js'
import { program } from '../daemon.js'
import { block, makeRepository, shiftingBlocks, textOf } from '../endurance-file.js'

const execute = promisify(execFile)
const maxOutputBytes = 64 * 1024 * 1024
/** As many as torch keeps, so each new row costs an old one. */
const fullRows = 1_000_000
const rowsPerBatch = 10_000
/** The rows are spread over this time, which is shorter than torch keeps them. */
const fullDays = 80
const dayMs = 24 * 3600 * 1000

/** How much the task `cut` writes, and how much of it torch keeps. */
export const cutBytes = { kept: 100_000, written: 300_000 }

/** Makes a home with a full history, and a git repository around its tasks file. */
export function newHome(random, keepSeconds) {
  const site = newSite()
  site.oldLogs = []
  writeWitness(site)
  const file = fileOf(site, random, 0, keepSeconds)
  const repository = { folder: site.folder, tasks: site.tasks, log: site.log, file }
  makeRepository(repository, file)
  fs.writeFileSync(site.tasks, textOf(file))
  fs.mkdirSync(site.home, { mode: 0o700 })
  fillHistory(path.join(site.home, 'history.db'), [...file.blocks.keys()])
  return { site, repository }
}

/** A file with all kinds of tasks of the campaign, and those that the edits change. */
export function fileOf(site, random, change, keepSeconds) {
  const cut = [
    `schedule: '*/7 * * * * *'`,
    `output: { max_size: ${cutBytes.kept / 1000}KB, keep_runs: 100, keep_for: ${keepSeconds}s }`,
    `command: [/bin/sh, ${site.folder}/witness.sh, '${cutBytes.written}', '0', 'exit:0']`,
  ]
  const kinds = Object.entries({ ...kindsOf(site, random, change), cut })
  return {
    mark: site.folder,
    defaults: [`output: { keep_runs: 100, keep_for: ${keepSeconds}s }`],
    blocks: new Map([...kinds.map(([name, keys]) => block(name, ...keys)), ...shiftingBlocks()]),
    comment: `change ${change}`,
  }
}

function fillHistory(database, tasks) {
  const file = historyFile(database, { onTrouble: (message) => console.error(message) })
  const begin = Date.now() - fullDays * dayMs
  const stepMs = ((fullDays - 1) * dayMs) / fullRows
  for (let at = 0; at < fullRows; at += rowsPerBatch)
    file.write(
      Array.from({ length: rowsPerBatch }, (_, index) =>
        oldRow(begin + (at + index) * stepMs, at + index, tasks),
      ),
    )
  file.close()
}

function oldRow(ms, index, tasks) {
  const time = new Date(ms).toISOString()
  return {
    run: `old-${index}`,
    task: tasks[index % tasks.length],
    slot: time,
    startedAt: time,
    endedAt: time,
    durationMs: 0,
    outcome: 'ok',
    exitCode: 0,
    signal: null,
    reason: null,
    trigger: 'schedule',
    attempt: 1,
    lateMs: 0,
    host: 'soak',
    revision: null,
    lastSlot: null,
    count: null,
  }
}

/** Runs torch as a person does. Returns its output; throws if it fails. */
export async function torch(site, ...words) {
  const { PATH } = process.env
  const { stdout } = await execute(process.execPath, [program, ...words, '--home', site.home], {
    cwd: '/',
    env: { PATH, HOME: site.folder, TZ: 'UTC', MARK: site.folder },
    maxBuffer: maxOutputBytes,
  })
  return stdout
}

/** Starts a daemon as a person does. Returns its pid. */
export async function start(site) {
  return JSON.parse(await torch(site, 'start', '--tasks', site.tasks, '--json')).pid
}
