import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { guardScript } from '../../src/fleet/guard-script.ts'
import { until } from '../support/until.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-guard-'))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) if (child.pid) killGroup(child.pid)
  fs.rmSync(folder, { recursive: true, force: true })
})

function killGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function start(script: string, ...args: string[]): ChildProcess & { readonly pid: number } {
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...args], { detached: true, stdio: 'ignore' })
  children.push(child)
  return child as ChildProcess & { readonly pid: number }
}

const uptime = (): number =>
  Math.floor(Number(fs.readFileSync('/proc/uptime', 'utf8').split(' ')[0]))

function statOf(pid: number): string {
  return fs.readFileSync(`/proc/${pid}/stat`, 'utf8').trim()
}

function ticksOf(pid: number): string {
  return (
    statOf(pid)
      .replace(/^.*\) /, '')
      .split(' ')[19] ?? ''
  )
}

/** A run with a fence that ends in some seconds. */
function fence(group: number, ticks: string, inSeconds: number, name = String(group)): string {
  const run = path.join(folder, `run of ${name}`)
  fs.mkdirSync(path.join(folder, 'fence'), { recursive: true })
  fs.mkdirSync(run, { recursive: true })
  const text = `${ticks} 1 ${uptime() + inSeconds}\n${run}\n`
  fs.writeFileSync(path.join(folder, 'fence', name), text)
  return run
}

const isOver = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

function endingOf(run: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path.join(run, 'ending.json'), 'utf8'))
  } catch {
    return undefined
  }
}

test('the guard ends what is over, first with TERM, then with KILL, and nothing else', async () => {
  const polite = start('sleep 1000 & wait')
  const stubborn = start('trap "" TERM; while :; do sleep 1; done')
  const later = start('sleep 1000')
  const other = start('sleep 1000')
  // Its recorder was killed; the command lives on in the group.
  const orphan = start('sleep 1000 & echo $! >"$1/pid"; wait', folder)
  const pid = await until(() => Number(readIfAny(path.join(folder, 'pid'))) || false, 'the command')
  const orphanTicks = ticksOf(orphan.pid)
  const orphanRun = fence(orphan.pid, orphanTicks, 1)
  fs.writeFileSync(path.join(orphanRun, 'command'), `${statOf(pid)}\n`)
  process.kill(orphan.pid, 'SIGKILL')

  const runs = [polite, stubborn].map((child) => fence(child.pid, ticksOf(child.pid), 1))
  fence(later.pid, ticksOf(later.pid), 1_000)
  // The number of a group that ended belongs to somebody else now.
  fence(other.pid, '12345', 1)
  fence(other.pid, ticksOf(other.pid), 1, 'half-written.tmp')
  const guard = start(guardScript, 'guard', path.join(folder, 'fence'))
  await until(() => isOver(polite), 'the first end')
  process.kill(guard.pid, 'SIGTERM')
  await until(() => isOver(polite) && isOver(stubborn), 'the ends')
  await until(() => !fs.existsSync(`/proc/${pid}`), 'the end of the command')
  expect([polite.signalCode, stubborn.signalCode]).toEqual(['SIGTERM', 'SIGKILL'])
  const sinceMs = expect.any(Number) as number
  expect(endingOf(runs[0] ?? '')).toEqual({ reason: 'fence', signal: 'SIGTERM', sinceMs })
  expect(endingOf(runs[1] ?? '')).toEqual({ reason: 'fence', signal: 'SIGKILL', sinceMs })
  const left = [String(later.pid), 'guard', 'half-written.tmp']
  await until(() => fs.readdirSync(path.join(folder, 'fence')).length === 3, 'the other files')
  expect(fs.readdirSync(path.join(folder, 'fence')).toSorted()).toEqual(left.toSorted())
  expect([isOver(later), isOver(other), isOver(guard)]).toEqual([false, false, false])
})

function readIfAny(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
}

test('the guard ends ten looks after the last run with a fence', async () => {
  const run = start('sleep 1000')
  fence(run.pid, ticksOf(run.pid), 1_000)
  process.kill(-run.pid, 'SIGKILL')
  await until(() => isOver(run), 'the end of the run')
  const looks = path.join(folder, 'looks')
  const quick = guardScript.replace('sleep 1\n', `sleep 0.01; echo look >>'${looks}'\n`)
  const guard = start(quick, 'guard', path.join(folder, 'fence'))
  await until(() => isOver(guard), 'its end')
  expect(fs.readdirSync(path.join(folder, 'fence'))).toEqual(['guard'])
  // One look finds the run, and ten find nothing.
  expect(readIfAny(looks).split('\n').filter(Boolean).length).toBe(11)
})
