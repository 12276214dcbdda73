import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { commandNamed } from '../dist/cli/commands.js'
import { historyFile } from '../dist/record/history/database.js'
import { runRow } from '../dist/record/history/rows.js'
import { newRunId } from '../dist/run/directory.js'
import { program, withDaemon } from './daemon.js'
import { percentile, round } from './figures.js'

/** The promises, for the median on a quiet machine: whole processes, in milliseconds. */
const goalsMs = {
  status: 400,
  'status, no daemon': 400,
  next: 1_000,
  'next, no daemon': 1_000,
  validate: 1_000,
  'validate, no daemon': 1_000,
}
const taskCount = 1_000
const rowCount = 100_000
const rowsAtOnce = 5_000
/** The age of the oldest run in the history. */
const historyMs = 30 * 24 * 3600 * 1000

/**
 * How long a person waits for a command. Each whole process stands beside a Node that does nothing,
 * so that the ratio means something on a busy machine too.
 */
export async function commands({ runs = 15 }, say) {
  const rows = []
  say(`${taskCount} tasks, ${rowCount} runs in the history ...`)
  await withDaemon(prepare, async ({ folder, home, tasks, torch }) => {
    await torch('run', 'job-0')
    const environment = { ...process.env, TORCH_HOME: home, TORCH_TASKS: tasks }
    const measure = ([name, words]) => {
      say(`${name} ...`)
      const time = (args) => timeOf(args, { cwd: folder, env: environment })
      rows.push({ command: name, ...compare(runs, time, [program, ...words]) })
    }
    for (const each of withoutMissing(asked)) measure(each)
    await torch('stop', '--grace', '0s')
    for (const [name, words] of withoutMissing(asked).filter(([, , needs]) => needs === 'files'))
      measure([`${name}, no daemon`, words])
  })
  const breaches = rows
    .filter(({ command, p50 }) => p50 >= (goalsMs[command] ?? Infinity))
    .map(({ command, p50 }) => `torch ${command} takes ${p50} ms, not under ${goalsMs[command]} ms`)
  return {
    tables: [{ title: `Whole processes, ms, and the ratio to "node -e 0" beside each`, rows }],
    breaches,
  }
}

/** Name, arguments, and what the command reads: those that read files are measured without a daemon too. */
const asked = [
  ['--help', ['--help'], 'nothing'],
  ['status --help', ['status', '--help'], 'nothing'],
  ['status', ['status'], 'files'],
  ['status --json', ['status', '--json'], 'files'],
  ['status of one', ['status', 'job-500'], 'files'],
  ['next', ['next'], 'files'],
  ['next of one', ['next', 'job-500'], 'files'],
  ['next --schedule', ['next', '--schedule', '30 2 * * 1-5'], 'nothing'],
  ['validate', ['validate'], 'files'],
  ['plan', ['plan'], 'files'],
  ['plan of one host', ['plan', '--host', 'web1.example.com'], 'files'],
  ['diff', ['diff'], 'files'],
  ['history', ['history'], 'files'],
  ['history of one', ['history', 'job-500'], 'files'],
  ['logs', ['logs', 'job-0'], 'files'],
  ['doctor', ['doctor'], 'files'],
  ['completion', ['__complete', 'bash', 'torch status job-', ''], 'files'],
]

/** Leaves out commands that this version does not have. */
function withoutMissing(each) {
  return each.filter(
    ([, [command]]) => /^[-_]/.test(command) || commandNamed(command) !== undefined,
  )
}

function compare(runs, time, args) {
  const bare = () => time(['-e', '0'])
  // Not counted: the first run reads from the disk.
  time(args)
  bare()
  const pairs = Array.from({ length: runs }, () => ({ own: time(args), floor: bare() }))
  const times = pairs.map(({ own }) => own.ms)
  const ratios = pairs.map(({ own, floor }) => own.ms / floor.ms)
  const median = (values) => round(percentile(values, 0.5), 0)
  return {
    best: round(Math.min(...times), 0),
    p50: median(times),
    worst: round(Math.max(...times), 0),
    cpu: median(pairs.map(({ own }) => own.cpuMs)),
    floor: median(pairs.map(({ floor }) => floor.ms)),
    ratio: round(percentile(ratios, 0.5), 1),
    'worst ratio': round(Math.max(...ratios), 1),
  }
}

/** A shell that runs one command and prints its processor time: `times` of sh(1). */
const timer = '"$@" >/dev/null 2>&1; status=$?; times; exit "$status"'

/** The time from before the fork to the end of the process, and its processor time. Its output is dropped. */
function timeOf(args, options) {
  const from = performance.now()
  const words = ['-c', timer, 'sh', process.execPath, ...args]
  const { status, stdout } = spawnSync('/bin/sh', words, { ...options, encoding: 'utf8' })
  const ms = performance.now() - from
  // torch status ends with 3 if no daemon runs.
  if (status !== 0 && status !== 3) throw new Error(`${args.join(' ')} ended with ${status}`)
  const spent = stdout.split('\n')[1]?.matchAll(/(\d+)m([\d.]+)s/g) ?? []
  const cpuMs = [...spent].reduce(
    (sum, [, minutes, seconds]) => sum + minutes * 60e3 + seconds * 1e3,
    0,
  )
  return { ms, cpuMs }
}

/** A tasks file in git and a history, as a fleet has them. */
function prepare({ folder, tasks, mark }) {
  const text = tasksText(mark)
  fs.writeFileSync(tasks, text)
  const who = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com']
  const git = (...words) => execFileSync('git', [...who, ...words], { cwd: folder })
  git('init', '--quiet')
  git('add', 'tasks.yaml')
  git('commit', '--quiet', '--message', 'All shops')
  // Something for diff to find.
  fs.writeFileSync(tasks, text.replace('shop 7 at', 'shop 7 and more at'))
  fs.mkdirSync(path.join(folder, 'home'), { mode: 0o700 })
  const history = historyFile(path.join(folder, 'home/history.db'), { onTrouble: console.error })
  for (let from = 0; from < rowCount; from += rowsAtOnce)
    history.write(Array.from({ length: rowsAtOnce }, (_, index) => rowOf(from + index)))
  history.close()
}

/** As people write it; all of it runs here, and nothing in the next hours. */
function tasksText(mark) {
  const quiet = (new Date().getUTCHours() + 12) % 24
  const job = (name, index) => `  ${name}:
    description: Brings the figures of shop ${index} up to date
    schedule: "${index % 60} ${(quiet + (index % 5)) % 24} * * *"
    command: echo "shop ${index} at $TORCH_SLOT"
    labels: { team: team-${index % 7} }
`
  return `timezone: UTC
defaults:
  timeout: 1h
  retry: { attempts: 2, delay: 1m }
  env: { MARK: ${mark} }
tasks:
${names.map(job).join('')}`
}

const names = Array.from({ length: taskCount }, (_, index) => `job-${index}`)
const beginMs = Date.now() - historyMs

/** A row as the daemon writes it. One run in fifty failed. */
function rowOf(index) {
  const startedMs = Math.floor(beginMs + (index / rowCount) * historyMs)
  const run = {
    run: newRunId(startedMs),
    task: names[index % taskCount],
    slot: Math.floor(startedMs / 1000),
    dueMs: startedMs,
    trigger: 'schedule',
    attempt: 1,
    startedMs,
    host: 'web1.example.com',
    revision: '4f2a91c03b1e',
  }
  const failed = index % 50 === 0
  return runRow(run, {
    outcome: failed ? 'failed' : 'ok',
    exitCode: failed ? 1 : 0,
    signal: null,
    reason: null,
    endedMs: startedMs + 1_234,
  })
}
