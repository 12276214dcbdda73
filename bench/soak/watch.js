import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { sizeOfOutput } from '../campaign/checks.js'
import { ask, isAlive } from '../campaign/site.js'
import { marked, readProc } from '../daemon.js'
import { usageOf } from '../usage.js'
import { rudeness } from './acts.js'
import { cutBytes, torch } from './home.js'

const execute = promisify(execFile)
const heldEveryMs = 5_000
const diskEveryMs = 20_000
const witnessEveryMs = 2_000
const askEveryMs = 250
const commandEveryMs = 15_000
const rudeEveryMs = 10_000
const blockBytes = 512
/** The unit of /proc/PID/stat: USER_HZ, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const ticksPerSecond = 100
const mb = 1024 * 1024

/** Samples everything that may grow, and asks as clients do, until stop(). */
export function watch(round) {
  const seen = { held: [], disk: [], asked: [], commands: [], seconds: [] }
  const readWitness = witnessReader(round, seen)
  const stops = [
    every(heldEveryMs, () => lookAtDaemon(round, seen)),
    every(diskEveryMs, () => lookAtDisk(round, seen)),
    every(witnessEveryMs, readWitness),
    every(askEveryMs, () => askStatus(round, seen)),
    every(commandEveryMs, () => runCommand(round, seen)),
    every(rudeEveryMs, () => rudeness(round.site, round.random)),
  ]
  return {
    seen,
    stop: () => Promise.all(stops.map((stop) => stop())),
    /** Reads what the tasks wrote since then. */
    readWitness,
  }
}

/** Repeats an action, never twice at a time. Returns a function that stops it, waits for it, and throws what it threw. */
function every(ms, act) {
  let isOver = false
  let wake = () => {}
  const loop = async () => {
    while (!isOver) {
      await act()
      await new Promise((resolve) => {
        wake = resolve
        setTimeout(resolve, ms)
      })
    }
    await act()
  }
  const done = loop()
  done.catch(() => {})
  return () => {
    isOver = true
    wake()
    return done
  }
}

function lookAtDaemon(round, seen) {
  const { pid, phase } = round
  const held = usageOf(pid)
  if (held !== undefined)
    seen.held.push({ atMs: Date.now(), phase, pid, ageMinutes: ageOf(pid) / 60, ...held })
}

/** In seconds. */
function ageOf(pid) {
  const stat = readProc(pid, 'stat') ?? ''
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  const [up] = fs.readFileSync('/proc/uptime', 'utf8').split(' ')
  return Number(up) - ticks / ticksPerSecond
}

async function lookAtDisk({ site, phase }, seen) {
  // find fails for files that go away meanwhile.
  const { stdout } = await execute('find', [site.home, '-printf', '%b %i %P\\n'], {
    maxBuffer: 64 * mb,
  }).catch((error) => error)
  const bytes = { runs: 0, history: 0, log: 0, rest: 0 }
  const inodes = new Set()
  for (const line of stdout.trimEnd().split('\n')) {
    const [blocks, inode, name = ''] = line.split(' ')
    const room = /^(runs|history|daemon\.log)/.exec(name)?.[1] ?? 'rest'
    bytes[room === 'daemon.log' ? 'log' : room] += Number(blocks) * blockBytes
    inodes.add(inode)
  }
  const processes = marked(site.folder).filter(isAlive).length
  const mbs = Object.entries(bytes).map(([room, count]) => [room, count / mb])
  const sample = { ...Object.fromEntries(mbs), inodes: inodes.size, processes }
  seen.disk.push({ atMs: Date.now(), phase, ...sample })
}

/** The collector of a run may be behind the command, on a busy machine by more than a second. */
const collectedAfterMs = 5_000

/** Returns what reads the new lines of the tasks, and measures their outputs while these are kept. */
function witnessReader({ site, sizes }, seen) {
  const done = new Map()
  const unmeasured = new Map()
  return (isLast = false) => {
    for (const task of fs.readdirSync(site.witness)) {
      const text = textAfter(path.join(site.witness, task), done.get(task) ?? 0)
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      done.set(task, (done.get(task) ?? 0) + Buffer.byteLength(whole))
      for (const line of whole.split('\n').filter(Boolean)) {
        const [word, run, slot, , nanoseconds] = line.split(' ')
        if (word === 'end') unmeasured.set(run, { task, endedMs: Date.now() })
        else if (task === 'second') seen.seconds.push(lateOf(slot, nanoseconds))
      }
    }
    for (const [run, { task, endedMs }] of unmeasured) {
      if (!isLast && Date.now() - endedMs < collectedAfterMs) continue
      sizes.set(run, wholeSize(site, { task, run }))
      unmeasured.delete(run)
    }
  }
}

function textAfter(file, from) {
  const descriptor = fs.openSync(file, 'r')
  const buffer = Buffer.alloc(fs.fstatSync(descriptor).size - from)
  fs.readSync(descriptor, buffer, 0, buffer.length, from)
  fs.closeSync(descriptor)
  return buffer.toString()
}

/** The size of an output before its middle was removed: the note in it says how much is missing. */
function wholeSize(site, { task, run }) {
  const size = sizeOfOutput(site, { task, run })
  if (task !== 'cut' || size === undefined || size >= cutBytes.written) return size
  const text = fs.readFileSync(path.join(site.home, 'runs', task, run, 'output'), 'utf8')
  const [note = '', left = 0] = /\n\[torch: (\d+) bytes left out here\]\n/.exec(text) ?? []
  return text.length - note.length + Number(left)
}

function lateOf(slot, nanoseconds) {
  const second = Date.parse(slot)
  return { second: second / 1000, lateMs: Number(nanoseconds) / 1e6 - second }
}

async function askStatus({ site, phase }, seen) {
  const before = performance.now()
  const error = await ask(site, 'status').then(
    () => undefined,
    (reason) => reason.message,
  )
  seen.asked.push({ atMs: Date.now(), phase, tookMs: performance.now() - before, error })
}

const commands = [
  ['status', '--json'],
  ['history', '-n', '50', '--json'],
  ['logs', 'second'],
  ['next', '--schedule', '*/5 * * * * *', '--count', '3'],
  ['status', 'second'],
  ['history', 'again', '--since', '1m'],
]

async function runCommand({ site, phase }, seen) {
  const words = commands[seen.commands.length % commands.length]
  const before = performance.now()
  const error = await torch(site, ...words).then(
    () => undefined,
    (reason) => `${reason.stderr ?? reason.message}`.trim(),
  )
  const tookMs = performance.now() - before
  seen.commands.push({ atMs: Date.now(), phase, words: words.join(' '), tookMs, error })
}
