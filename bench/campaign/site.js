import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { askDaemon } from '../../dist/control/client.js'
import { marked, pause, readProc } from '../daemon.js'

const entry = fileURLToPath(new URL('../../test/fixtures/crash-entry.mjs', import.meta.url))
/** No start takes longer, even on a busy machine. */
const maxStartMs = 60_000

/** A directory with a home, a tasks file and what its tasks write (witness); see test/fixtures/crash-entry.mjs. */
export function newSite() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-campaign-'))
  const at = (name) => path.join(folder, name)
  fs.mkdirSync(at('witness'))
  return {
    folder,
    home: at('home'),
    tasks: at('tasks.yaml'),
    witness: at('witness'),
    plan: at('plan.json'),
    trace: at('trace'),
    socket: path.join(at('home'), 'torch.sock'),
    log: path.join(at('home'), 'daemon.log'),
  }
}

/** Sets what fails in the daemons that start from now on; undefined: nothing. */
export function setPlan(site, plan) {
  if (plan === undefined) fs.rmSync(site.plan, { force: true })
  else fs.writeFileSync(site.plan, JSON.stringify({ ...plan, trace: site.trace }))
}

/** Starts a daemon and returns its first line: ready, or why not; undefined if it says nothing. */
export async function launch(site) {
  fs.mkdirSync(site.home, { recursive: true, mode: 0o700 })
  const log = fs.openSync(site.log, 'a', 0o600)
  const settings = {
    home: site.home,
    tasks: site.tasks,
    addresses: [],
    graceMs: 30_000,
    foreground: false,
    pretty: false,
    logLevel: 'info',
    version: 'campaign',
  }
  const { PATH } = process.env
  const child = spawn(process.execPath, [entry, 'daemon', JSON.stringify(settings)], {
    cwd: '/',
    detached: true,
    env: { PATH, HOME: site.folder, TZ: 'UTC', MARK: site.folder, CRASH_PLAN: site.plan },
    stdio: ['ignore', log, log, 'pipe'],
  })
  fs.closeSync(log)
  const channel = child.stdio[3]
  channel.on('error', () => {})
  const lines = createInterface({ input: channel })
  const said = new Promise((resolve) => {
    lines.once('line', (line) => resolve(JSON.parse(line)))
    child.once('exit', () => setTimeout(() => resolve(undefined), 50))
    setTimeout(() => resolve(undefined), maxStartMs).unref()
  })
  const result = await said
  lines.close()
  channel.destroy()
  child.unref()
  return result
}

export function ask(site, name, request = {}, timeoutMs = 10_000) {
  return askDaemon(site.socket, name, request, { timeoutMs })
}

/** The pid of the daemon that answers; undefined if none does. */
export async function daemonOf(site) {
  try {
    return (await ask(site, 'status', {}, 15_000)).daemon.pid
  } catch {
    return undefined
  }
}

/** Whether a process exists and is not a zombie. */
export function isAlive(pid) {
  const stat = readProc(pid, 'stat')
  return stat !== undefined && !/\) [ZX] /.test(stat)
}

/** Sends KILL and waits until the process is gone. */
export async function killed(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has already ended.
  }
  await until(() => !isAlive(pid), `the end of ${pid}`)
}

export async function until(look, what, boundMs = 20_000) {
  const end = performance.now() + boundMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`waited ${boundMs} ms for ${what}`)
    await pause(20)
  }
}

/** Kills all processes that are left, and removes the directory unless `keep`. */
export async function closeSite(site, keep) {
  await until(() => {
    const left = marked(site.folder).filter(isAlive)
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has already ended.
      }
    }
    return left.length === 0
  }, 'the end of all processes')
  if (!keep) fs.rmSync(site.folder, { recursive: true, force: true })
}
