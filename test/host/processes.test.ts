import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { parseStat, realProcesses } from '../../src/host/processes.ts'
import { until } from '../support/until.ts'

test('a line of /proc/PID/stat is parsed from its end, because a name may contain anything', () => {
  const fields = Array.from({ length: 30 }, (_, index) => String(index + 4))
  expect(parseStat(`42 (a) b) c) S ${fields.join(' ')}`)).toEqual({
    pid: 42,
    group: 5,
    startTicks: 22,
  })
  expect(parseStat(`42 (gone) Z ${fields.join(' ')}`)).toBeUndefined()
  expect(parseStat('')).toBeUndefined()
  expect(parseStat(undefined)).toBeUndefined()
})

test('a process finds itself, and no process has the pid 0', () => {
  expect(realProcesses.identify(process.pid)).toMatchObject({ pid: process.pid })
  expect(realProcesses.identify(0)).toBeUndefined()
  expect(realProcesses.signalName(15)).toBe('SIGTERM')
  expect(realProcesses.bootId).toMatch(/^[0-9a-f-]{36}$/)
})

test('a signal to a process that is gone returns false and does not throw', async () => {
  const child = spawn('/bin/true')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(realProcesses.signal(child.pid ?? 0, 0)).toBe(false)
  expect(realProcesses.signalGroup(child.pid ?? 0, 'SIGTERM')).toBe(false)
})

test.runIf(process.getuid?.() !== 0)('a signal to a process of another user returns false', () => {
  expect(realProcesses.signal(1, 'SIGCONT')).toBe(false)
})

test('this machine can start runs by posix_spawn', () => {
  expect(realProcesses.launcher()).toMatchObject({ name: 'posix_spawn', why: undefined })
})

test('the members of a process group are all its living processes, and no others', async () => {
  const leader = spawn('sh', ['-c', 'sleep 60 & exec sleep 60'], {
    detached: true,
    stdio: 'ignore',
  })
  const { pid = 0 } = leader
  const ended = once(leader, 'exit')
  try {
    await until(() => realProcesses.groupMembers(pid).length === 2, 'both processes')
    const members = realProcesses.groupMembers(pid)
    expect(members.map(({ group }) => group)).toEqual([pid, pid])
    expect(members).toContainEqual(realProcesses.identify(pid))
  } finally {
    realProcesses.signalGroup(pid, 'SIGKILL')
    await ended
  }
  await until(() => realProcesses.groupMembers(pid).length === 0, 'its end')
})
