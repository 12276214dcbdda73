import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const program = fileURLToPath(new URL('../bin/torch.js', import.meta.url))
const execute = promisify(execFile)
/** The history of ten minutes with 50 runs a second. */
const maxOutputBytes = 512 * 1024 * 1024

/**
 * Calls `use` with a real daemon in a temporary directory, and stops the daemon at the end, whatever
 * happens. `prepare` writes its file `tasks.yaml`, which must set MARK in the environment of all tasks,
 * so that processes that they leave behind can be found.
 */
export async function withDaemon(prepare, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-bench-'))
  const home = path.join(folder, 'home')
  const tasks = path.join(folder, 'tasks.yaml')
  const torch = async (...words) => {
    const { stdout } = await execute(process.execPath, [program, ...words, '--home', home], {
      maxBuffer: maxOutputBytes,
    })
    return stdout
  }
  let pid
  try {
    prepare({ folder, tasks, mark: folder })
    pid = JSON.parse(await torch('start', '--tasks', tasks, '--json')).pid
    return await use({ folder, home, tasks, torch, pid })
  } finally {
    if (pid !== undefined) await torch('stop', '--grace', '0s').catch(() => {})
    for (const left of marked(folder)) process.kill(left, 'SIGKILL')
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** The pids of all processes with that MARK in their environment. */
export function marked(mark) {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => (readProc(name, 'environ') ?? '').split('\0').includes(`MARK=${mark}`))
    .map(Number)
}

/** A file of a process in /proc; undefined if the process is gone. */
export function readProc(pid, name) {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}

/** Waits until the wall clock next shows a whole second plus `offsetMs`. */
export function nextSecond(offsetMs) {
  return new Promise((resolve) => {
    const wait = () => 1000 - ((Date.now() - offsetMs) % 1000)
    const second = Math.floor((Date.now() - offsetMs) / 1000)
    // A timer may fire a little early, before its second begins.
    const look = () => {
      const now = Math.floor((Date.now() - offsetMs) / 1000)
      if (now > second) resolve(now)
      else setTimeout(look, wait())
    }
    setTimeout(look, wait())
  })
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
