import { afterEach, expect, test } from 'vitest'
import { judgeSockets, probeSockets, type SocketFacts } from '../../src/doctor/sockets.ts'
import { closeMachines, machineWith } from './machine.ts'
import { fine, said } from './support.ts'

afterEach(closeMachines)

const good: SocketFacts = { whyNot: undefined, whyNoTake: undefined, tasks: ['web'] }
const judged = (changes: Partial<SocketFacts>) =>
  said(judgeSockets({ ...good, ...changes }), 'sockets')

test('sockets that torch can open and take back are fine', () => {
  const words = 'torch can hold the sockets of tasks, and take them back after a crash'
  expect(judged({})).toEqual(fine(words))
})

test('without koffi a task with listen cannot start, which is only a note if there is none', () => {
  const why = { whyNot: "Cannot find module 'koffi'" }
  const hint = 'install the optional package koffi, which has builds for glibc and musl'
  expect(judged(why)).toEqual([
    'warning',
    "torch cannot open sockets: web cannot start (Cannot find module 'koffi')",
    null,
    hint,
  ])
  expect(judged({ ...why, tasks: [] }).slice(0, 2)).toEqual([
    'note',
    "torch cannot open sockets for tasks: Cannot find module 'koffi'",
  ])
})

test('a machine that does not let torch take a socket back says what happens instead', () => {
  const [status, found, instead] = judged({ whyNoTake: 'kernel.yama.ptrace_scope is 1' })
  expect(status).toBe('warning')
  expect(found).toBe(
    'after a crash torch cannot take the sockets of a task back from its runs: kernel.yama.ptrace_scope is 1 (web)',
  )
  expect(instead).toContain('the next replacement ends them')
})

test('the setting of Yama decides, unless torch may trace', () => {
  const may = '0000003fffffffff'
  const probe = (scope: string, capabilities: string, refusal?: string) => {
    const host = machineWith({
      '/proc/sys/kernel/yama/ptrace_scope': `${scope}\n`,
      '/proc/self/status': `CapEff:\t${capabilities}\n`,
    })
    const probeTake = (): void => {
      if (refusal !== undefined) throw new Error(refusal)
    }
    const sockets = { ...host.sockets, whyNot: () => undefined, probeTake }
    return probeSockets({ ...host, sockets }, undefined).whyNoTake
  }
  expect(probe('0', '0')).toBeUndefined()
  expect(probe('1', '0')).toBe('kernel.yama.ptrace_scope is 1')
  expect(probe('1', may)).toBeUndefined()
  expect(probe('3', may)).toBe('kernel.yama.ptrace_scope is 3')
  expect(probe('0', may, 'operation not permitted')).toBe('pidfd_getfd: operation not permitted')
})
