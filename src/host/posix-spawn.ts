import fs from 'node:fs'
import { createRequire } from 'node:module'
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../errors.ts'
import { waitForChildren } from './children.ts'
import { hasCode } from './files.ts'
import type { Launch } from './spawn.ts'

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
      send: (line) => orders.give(pipe, line),
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

/** poll(2) of the C library. */
type Poll = (files: Buffer, count: number, timeoutMs: number) => number

/**
 * More than these have their line and have not come so far as to close their input: to give it to
 * others would only have them all wait for a processor, and with them what is due in the next second.
 */
const maxUntaken = 8
/** One that does not come so far in this time is not waited for any more. */
const maxWaitMs = 20

/** From <poll.h>: a file is an int and two shorts; this event is told without being asked for. */
const pollFileBytes = 8
const pollEventsOffset = 6

/** The writing end of a pipe: not by its number alone, which is another's once it is closed. */
interface Pipe {
  readonly end: number
}

/** Gives programs that wait on the reading ends of pipes their lines, so that few have them untaken. */
interface Orders {
  /** Takes the pipe over. False where nobody reads it any more. */
  give(pipe: Pipe, line: string): boolean
  /** The program is gone: what is still held of its pipe is closed. */
  over(pipe: Pipe): void
}

function openOrders(poll: Poll): Orders {
  let untaken: Pipe[] = []
  const files = Buffer.alloc(maxUntaken * pollFileBytes)

  const closeTaken = (): void => {
    files.fill(0)
    for (const [index, { end }] of untaken.entries()) files.writeInt32LE(end, index * pollFileBytes)
    const isTaken = (index: number): boolean =>
      files.readInt16LE(index * pollFileBytes + pollEventsOffset) !== 0
    const found = poll(files, untaken.length, maxWaitMs)
    close(untaken.filter((_, index) => (found > 0 ? isTaken(index) : index === 0)))
  }
  const close = (pipes: readonly Pipe[]): void => {
    untaken = untaken.filter((pipe) => !pipes.includes(pipe))
    for (const { end } of pipes) fs.closeSync(end)
  }

  return {
    give(pipe, line) {
      while (untaken.length >= maxUntaken) closeTaken()
      try {
        // Less than PIPE_BUF: the whole line, or nothing of it.
        fs.writeSync(pipe.end, line)
      } catch (error) {
        fs.closeSync(pipe.end)
        if (hasCode(error, 'EPIPE')) return false
        throw error
      }
      untaken.push(pipe)
      return true
    },
    over: (pipe) => close(untaken.filter((each) => each === pipe)),
  }
}
