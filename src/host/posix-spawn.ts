import fs from 'node:fs'
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../errors.ts'
import { waitForChildren } from './children.ts'
import type { Launch } from './launcher.ts'
import { openOrders } from './orders.ts'

/** The part of koffi that is used here. */
interface Koffi {
  load(library: string): { func(prototype: string): (...words: unknown[]) => number }
}

/** From <spawn.h>, <fcntl.h>, <poll.h> and <sys/wait.h> of the GNU C library on Linux. */
const flagSetSigDefault = 0x04
const flagSetSigMask = 0x08
const flagSetSid = 0x80
const writeOnly = 1
const closeOnExec = 0o2000000
const waitNoHang = 1
const waitExited = 4
const waitNoWait = 0x0100_0000
const waitAnyChild = 0

/** Larger than any C library's own. */
const attributeBytes = 1024
const actionBytes = 512
const signalSetBytes = 256
const signalInfoBytes = 128
/** Of siginfo_t, where pointers have 64 bits. */
const signalInfoPidOffset = 16

/**
 * Starts programs by posix_spawn(3) of the C library: it shares the memory with the child until
 * that executes its program, so that its cost does not grow with ours, as that of a fork does.
 * Gives the reason where this machine has not what it needs.
 */
export function openPosixSpawn(): Launch | string {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    return `not known on ${process.platform} ${process.arch}`
  try {
    return open(createRequire(import.meta.url)('koffi') as Koffi)
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? ''
  }
}

function open(koffi: Koffi): Launch {
  const c = koffi.load('libc.so.6')
  const openPipe = c.func('int pipe2(_Out_ int *ends, int flags)')
  const spawn = c.func(
    'int posix_spawn(_Out_ int *pid, str path, void *actions, void *attributes, char **argv, char **envp)',
  )
  const withActions = openActions(c)
  const attributes = newAttributes(c)
  const whenOver = waitForChildren(openWait(c))
  const orders = openOrders(c.func('int poll(void *files, ulong count, int timeout)'))

  return ({ program, args, env, onExit, onFailure }) => {
    const argv = [program, ...args]
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const fail = (code: string): undefined => {
      onFailure(failure(program, code))
    }
    // C would end a word there, and nobody would know.
    if ([...argv, ...variables].some((word) => word.includes('\0')))
      return fail('ERR_INVALID_ARG_VALUE')
    const ends: [number, number] = [0, 0]
    if (openPipe(ends, closeOnExec) !== 0) return fail('EMFILE')
    const [input, order] = ends
    const pid: [number] = [0]
    const error = withActions(input, (actions) =>
      spawn(pid, program, actions, attributes, [...argv, null], [...variables, null]),
    )
    fs.closeSync(input)
    if (error !== 0) {
      fs.closeSync(order)
      return fail(getSystemErrorName(-error))
    }
    const pipe = { end: order }
    whenOver(pid[0], (status) => {
      orders.over(pipe)
      onExit(status)
    })
    return {
      pid: pid[0],
      order: (line) => orders.give(pipe, line),
      dismiss: () => fs.closeSync(order),
    }
  }
}

/** As Node has it of its own. */
function failure(program: string, code: string): Error {
  return Object.assign(new Error(`spawn ${program} ${code}`), { code })
}

type C = ReturnType<Koffi['load']>

/** What the child does before its program: input from a descriptor, no output, no folder of ours. */
function openActions(c: C): <Result>(input: number, use: (actions: Buffer) => Result) => Result {
  const init = c.func('int posix_spawn_file_actions_init(void *actions)')
  const free = c.func('int posix_spawn_file_actions_destroy(void *actions)')
  const addDup2 = c.func('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)')
  const addOpen = c.func(
    'int posix_spawn_file_actions_addopen(void *actions, int fd, str path, int flags, uint mode)',
  )
  const addChdir = c.func('int posix_spawn_file_actions_addchdir_np(void *actions, str path)')
  const actions = Buffer.alloc(actionBytes)
  return (input, use) => {
    init(actions)
    addChdir(actions, '/')
    addDup2(actions, input, 0)
    addOpen(actions, 1, '/dev/null', writeOnly, 0)
    addDup2(actions, 1, 2)
    try {
      return use(actions)
    } finally {
      free(actions)
    }
  }
}

/** A session of its own, all signals as usual and none blocked. */
function newAttributes(c: C): Buffer {
  const attributes = Buffer.alloc(attributeBytes)
  const signals = Buffer.alloc(signalSetBytes)
  c.func('int posix_spawnattr_init(void *attributes)')(attributes)
  c.func('int sigemptyset(void *set)')(signals)
  c.func('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, signals)
  // Not sigfillset(3), which leaves out the C library's own two: those would be ignored.
  signals.fill(0xff)
  c.func('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, signals)
  const flags = flagSetSid | flagSetSigMask | flagSetSigDefault
  c.func('int posix_spawnattr_setflags(void *attributes, short flags)')(attributes, flags)
  return attributes
}

function openWait(c: C) {
  const waitid = c.func('int waitid(int type, uint id, void *info, int options)')
  const waitpid = c.func('int waitpid(int pid, _Out_ int *status, int options)')
  const info = Buffer.alloc(signalInfoBytes)
  return {
    anyEnded(): number {
      info.fill(0)
      const failed = waitid(waitAnyChild, 0, info, waitExited | waitNoHang | waitNoWait)
      return failed === 0 ? info.readInt32LE(signalInfoPidOffset) : 0
    },
    take(pid: number): number | undefined {
      const status: [number] = [0]
      return waitpid(pid, status, waitNoHang) === pid ? status[0] : undefined
    },
  }
}
