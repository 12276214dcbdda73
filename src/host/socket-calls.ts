import fs from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { messageOf } from '../errors.ts'
import { type CLibrary, openCLibrary } from './c-library.ts'

/*
 * The calls of the C library behind listening-sockets.ts. Descriptors are numbers, and errors have the form of
 * Node's own.
 */

/** From <sys/socket.h>, <netinet/in.h>, <fcntl.h> and <errno.h>, the same on x64 and arm64. */
export const unixFamily = 1
export const ipv4Family = 2
export const ipv6Family = 10
export const stream = 1
export const closeOnExec = 0o2000000
export const nonBlocking = 0o4000
export const socketLevel = 1
export const reuseAddress = 2
export const isListening = 30
export const ipv6Level = 41
export const ipv6Only = 26
const duplicateCloseOnExec = 1030
export const pathOnly = 0o10000000
export const notSocket = 88
export const addressInUse = 98
export const familyNotSupported = 97

/** pidfd_open(2) and pidfd_getfd(2): these numbers are the same on all machines. */
const pidfdOpen = 434
const pidfdGetfd = 438

/** The recorder's redirections and the programs' sockets have the numbers up to 9. */
const firstFree = 10

/** The calls that sockets need. */
export type Calls = ReturnType<typeof declare>

let opened: Calls | string | undefined

/** The calls, or why this machine lacks them. Loaded on first use, because few tasks listen. */
export function calls(): Calls | string {
  if (opened !== undefined) return opened
  try {
    opened = declare(openCLibrary())
  } catch (error) {
    opened = messageOf(error).split('\n')[0] ?? ''
  }
  return opened
}

/** The calls. Throws ENOSYS if this machine lacks them. */
export function needCalls(): Calls {
  const found = calls()
  if (typeof found !== 'string') return found
  throw Object.assign(new Error('listen needs koffi'), { code: 'ENOSYS' })
}

function declare(c: CLibrary) {
  return {
    errno: () => c.errno(),
    socket: c.func('int socket(int domain, int type, int protocol)'),
    setOption: c.func('int setsockopt(int fd, int level, int name, void *value, uint length)'),
    getOption: c.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
    bind: c.func('int bind(int fd, void *address, uint length)'),
    connect: c.func('int connect(int fd, void *address, uint length)'),
    listen: c.func('int listen(int fd, int backlog)'),
    nameOf: c.func('int getsockname(int fd, void *address, void *length)'),
    control: c.func('int fcntl(int fd, int command, long argument)'),
    parseAddress: c.func('int inet_pton(int family, str text, void *address)'),
    interfaceIndex: c.func('uint if_nametoindex(str name)'),
    call: c.func('long syscall(long number, long a, long b, long c)'),
  }
}

/** The result of a call, or an error in the form of Node's own. */
export function checked(c: Calls, result: number): number {
  if (result < 0) throw systemError(c.errno())
  return result
}

/** An error number as an error in the form of Node's own. */
export function systemError(errno: number): Error {
  const [code, message] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, `error ${errno}`]
  return Object.assign(new Error(message), { code })
}

/** Calls `use` with a new socket, which is closed if that throws. Returns it above 9. */
export function newSocket(c: Calls, family: number, use: (descriptor: number) => void): number {
  const descriptor = checked(c, c.socket(family, stream | closeOnExec, 0))
  try {
    use(descriptor)
  } catch (error) {
    fs.closeSync(descriptor)
    throw error
  }
  return moveUp(c, descriptor)
}

/** Gives a descriptor a number above 9, and closes the old one, also if that fails. */
export function moveUp(c: Calls, descriptor: number): number {
  try {
    return checked(c, c.control(descriptor, duplicateCloseOnExec, firstFree))
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Sets an option of a socket that is on or off. */
export function setFlag(
  c: Calls,
  descriptor: number,
  level: number,
  name: number,
  value: boolean,
): void {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value ? 1 : 0)
  checked(c, c.setOption(descriptor, level, name, bytes, bytes.length))
}

/** A copy of a descriptor of another process, which no child inherits. Throws EPERM if the system does not allow it. */
export function copyOf(c: Calls, pid: number, descriptor: number): number {
  const process = checked(c, c.call(pidfdOpen, pid, 0, 0))
  try {
    return checked(c, c.call(pidfdGetfd, process, descriptor, 0))
  } finally {
    fs.closeSync(process)
  }
}
