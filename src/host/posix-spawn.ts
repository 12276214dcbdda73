import fs from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../errors.ts'
import { type CLibrary, openCLibrary } from './c-library.ts'
import { waitForChildren } from './children.ts'
import { hasCode } from './system-error.ts'
import { giveAway, type Launch, type OpenPipe } from './spawn.ts'

/** From <spawn.h>, <fcntl.h> and <sys/wait.h> of the GNU C library on Linux. */
const flagSetSigDefault = 0x04
const flagSetSigMask = 0x08
const flagSetSid = 0x80
const writeOnly = 1
const closeOnExec = 0o2000000
const waitNoHang = 1
const waitExited = 4
const waitNoWait = 0x0100_0000
const waitAnyChild = 0

/** Larger than in any C library. */
const attributeBytes = 1024
const actionBytes = 512
const signalSetBytes = 256
const signalInfoBytes = 128
/** In siginfo_t, where pointers have 64 bits. */
const signalInfoPidOffset = 16

/**
 * Prepares to start programs by posix_spawn(3) of the C library. The child shares the memory of this
 * process until it executes its program, so unlike a fork it does not cost more if this process is large.
 * Returns the reason if this machine lacks what it needs.
 */
export function openPosixSpawn(): { launch: Launch; openPipe: OpenPipe } | string {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    return `not supported on ${process.platform} ${process.arch}`
  try {
    return open(openCLibrary())
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? ''
  }
}

function open(c: CLibrary): { launch: Launch; openPipe: OpenPipe } {
  const pipe2 = c.func('int pipe2(_Out_ int *ends, int flags)')
  const openEnds = (): { read: number; write: number } | undefined => {
    const ends: [number, number] = [0, 0]
    return pipe2(ends, closeOnExec) === 0 ? { read: ends[0], write: ends[1] } : undefined
  }
  return { launch: openLaunch(c, openEnds), openPipe: openOwnedPipe(openEnds) }
}

type OpenEnds = () => { read: number; write: number } | undefined

function openOwnedPipe(openEnds: OpenEnds): OpenPipe {
  return ({ uid, gid }) => {
    const ends = openEnds()
    if (ends === undefined) throw spawnError('a pipe', 'EMFILE')
    giveAway(() => fs.fchownSync(ends.write, uid, gid))
    return ends
  }
}

function openLaunch(c: CLibrary, openEnds: OpenEnds): Launch {
  const spawn = c.func(
    'int posix_spawn(_Out_ int *pid, str path, void *actions, void *attributes, char **argv, char **envp)',
  )
  const withActions = openActions(c)
  const attributes = newAttributes(c)
  const onceExited = waitForChildren(openWait(c))
  const lines = openLines(c.func('int poll(void *files, ulong count, int timeout)'))

  return ({ program, args, env, cwd, stdin, stdout, descriptors = [], onExit, onFailure }) => {
    const argv = [program, ...args]
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    const fail = (code: string): undefined => {
      onFailure(spawnError(program, code))
    }
    // C would cut such a word at the NUL without an error.
    if ([...argv, ...variables].some((word) => word.includes('\0')))
      return fail('ERR_INVALID_ARG_VALUE')
    const line = stdin === 'line' ? openEnds() : undefined
    const input = stdin === 'line' ? line?.read : stdin
    if (input === undefined) return fail('EMFILE')
    const pid: [number] = [0]
    const error = withActions({ cwd, input, output: stdout, descriptors }, (actions) =>
      spawn(pid, program, actions, attributes, [...argv, null], [...variables, null]),
    )
    if (line !== undefined) fs.closeSync(line.read)
    if (error !== 0) {
      if (line !== undefined) fs.closeSync(line.write)
      return fail(getSystemErrorName(-error))
    }
    const pipe = line && { end: line.write }
    onceExited(pid[0], (status) => {
      if (pipe !== undefined) lines.close(pipe)
      onExit(status)
    })
    return {
      pid: pid[0],
      send: (text) => pipe !== undefined && lines.send(pipe, text),
      dismiss: () => pipe && fs.closeSync(pipe.end),
    }
  }
}

/** In the form of Node's own errors. */
function spawnError(program: string, code: string): Error {
  return Object.assign(new Error(`spawn ${program} ${code}`), { code })
}

/** What the child does before it executes its program. */
interface ChildFiles {
  readonly cwd: string
  readonly input: number
  readonly output: number | undefined
  /** Above 9. */
  readonly descriptors: readonly number[]
}

/** The first descriptor after input, output and errors. */
const firstExtra = 3

function openActions(
  c: CLibrary,
): <Result>(files: ChildFiles, use: (actions: Buffer) => Result) => Result {
  const init = c.func('int posix_spawn_file_actions_init(void *actions)')
  const free = c.func('int posix_spawn_file_actions_destroy(void *actions)')
  const addDup2 = c.func('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)')
  const addOpen = c.func(
    'int posix_spawn_file_actions_addopen(void *actions, int fd, str path, int flags, uint mode)',
  )
  const addChdir = c.func('int posix_spawn_file_actions_addchdir_np(void *actions, str path)')
  const actions = Buffer.alloc(actionBytes)
  return ({ cwd, input, output, descriptors }, use) => {
    init(actions)
    addChdir(actions, cwd)
    // Our own descriptors 0 to 2 are open, so none of these is one of them.
    addDup2(actions, input, 0)
    if (output !== undefined) addDup2(actions, output, 1)
    else addOpen(actions, 1, '/dev/null', writeOnly, 0)
    addOpen(actions, 2, '/dev/null', writeOnly, 0)
    // LAST: the pipes above may have these numbers in this process. The sources are above 9, so that none
    // is overwritten before it is copied, and each copy stays open in the program.
    for (const [at, descriptor] of descriptors.entries())
      addDup2(actions, descriptor, firstExtra + at)
    try {
      return use(actions)
    } finally {
      free(actions)
    }
  }
}

/** The child has a session of its own, default handling of all signals, and none blocked. */
function newAttributes(c: CLibrary): Buffer {
  const attributes = Buffer.alloc(attributeBytes)
  const signals = Buffer.alloc(signalSetBytes)
  c.func('int posix_spawnattr_init(void *attributes)')(attributes)
  c.func('int sigemptyset(void *set)')(signals)
  c.func('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, signals)
  // Not sigfillset(3): it leaves out two signals of the C library, and those would stay ignored.
  signals.fill(0xff)
  c.func('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, signals)
  const flags = flagSetSid | flagSetSigMask | flagSetSigDefault
  c.func('int posix_spawnattr_setflags(void *attributes, short flags)')(attributes, flags)
  return attributes
}

function openWait(c: CLibrary) {
  const waitid = c.func('int waitid(int type, uint id, void *info, int options)')
  const waitpid = c.func('int waitpid(int pid, _Out_ int *status, int options)')
  const info = Buffer.alloc(signalInfoBytes)
  return {
    anyExited(): number {
      info.fill(0)
      const failed = waitid(waitAnyChild, 0, info, waitExited | waitNoHang | waitNoWait)
      return failed === 0 ? info.readInt32LE(signalInfoPidOffset) : 0
    },
    reap(pid: number): number | undefined {
      const status: [number] = [0]
      return waitpid(pid, status, waitNoHang) === pid ? status[0] : undefined
    },
  }
}

/** poll(2) of the C library. */
type Poll = (files: Buffer, count: number, timeoutMs: number) => number

/**
 * At most this many programs have been sent their line and have not yet closed their input, by which
 * they show that they are at work. More would only compete for the processors with each other and with
 * what is due in the next second.
 */
const maxUnread = 8
/** A program that has not closed its input after this time is no longer waited for. */
const maxWaitMs = 20

/** From <poll.h>: an entry is an int and two shorts. A closed reading end is reported without being asked for. */
const pollFileBytes = 8
const pollEventsOffset = 6

/** The writing end of a pipe. Not only a number, because another file gets the number once it is closed. */
interface Pipe {
  readonly end: number
}

/** Sends lines to programs, a few at a time. It owns the pipes from their line on. */
interface Lines {
  /** Returns false if the reading end of the pipe is closed. */
  send(pipe: Pipe, line: string): boolean
  /** Closes the pipe of a program that is gone, if it is still open. */
  close(pipe: Pipe): void
}

function openLines(poll: Poll): Lines {
  let unread: Pipe[] = []
  const files = Buffer.alloc(maxUnread * pollFileBytes)

  const closeRead = (): void => {
    files.fill(0)
    for (const [index, { end }] of unread.entries()) files.writeInt32LE(end, index * pollFileBytes)
    const isRead = (index: number): boolean =>
      files.readInt16LE(index * pollFileBytes + pollEventsOffset) !== 0
    const found = poll(files, unread.length, maxWaitMs)
    close(unread.filter((_, index) => (found > 0 ? isRead(index) : index === 0)))
  }
  const close = (pipes: readonly Pipe[]): void => {
    unread = unread.filter((pipe) => !pipes.includes(pipe))
    for (const { end } of pipes) fs.closeSync(end)
  }

  return {
    send(pipe, line) {
      while (unread.length >= maxUnread) closeRead()
      try {
        // Shorter than PIPE_BUF: the whole line is written, or nothing.
        fs.writeSync(pipe.end, line)
      } catch (error) {
        fs.closeSync(pipe.end)
        if (hasCode(error, 'EPIPE')) return false
        throw error
      }
      unread.push(pipe)
      return true
    },
    close: (pipe) => close(unread.filter((each) => each === pipe)),
  }
}
