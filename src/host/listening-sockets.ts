import fs from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import {
  addressInUse,
  calls,
  type Calls,
  checked,
  closeOnExec,
  copyOf,
  familyNotSupported,
  ipv4Family,
  ipv6Family,
  ipv6Level,
  ipv6Only,
  isListening,
  moveUp,
  needCalls,
  newSocket,
  nonBlocking,
  notSocket,
  pathOnly,
  reuseAddress,
  setFlag,
  socketLevel,
  stream,
  systemError,
  unixFamily,
} from './socket-calls.ts'
import { hasCode } from './system-error.ts'

/** Where a socket listens. `host` undefined: at all addresses of this machine, IPv4 and IPv6. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** The user and group of a file. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

/** A socket that listens. The caller closes its descriptor, which is above 9 and which no child inherits. */
export interface OpenedSocket {
  readonly descriptor: number
  /** Device and inode of a Unix socket's file; undefined for TCP. */
  readonly file: string | undefined
}

/**
 * Sockets that listen and on which this process never accepts: programs that it starts do. Node has no
 * such sockets, because its own take connections as soon as they listen. The functions throw errors with
 * the `code` of the system, as Node does, and `ENOSYS` if this machine lacks what they need.
 */
export interface ListeningSockets {
  /** Why this machine cannot make them; undefined if it can. */
  whyNot(): string | undefined
  /**
   * Makes one. `owner` gets the file of a Unix socket, whose mode is 0660. It may replace the file with
   * the identity `replaces`, although somebody listens there.
   */
  open(address: SocketAddress, owner: Owner, replaces?: string): OpenedSocket
  /** The same for a descriptor that this process inherited: it moves above 9. Throws if it is another socket. */
  inherit(descriptor: number, address: SocketAddress): number
  /** A copy of a socket that another process has open. Throws EPERM if the system does not allow it. */
  takeFrom(pid: number, descriptor: number, address: SocketAddress): number
  /** Whether the system allows to take a descriptor out of another process at all. Throws why not. */
  probeTake(pid: number): void
}

export const realSockets: ListeningSockets = {
  whyNot() {
    const found = calls()
    return typeof found === 'string' ? found : undefined
  },
  open(address, owner, replaces) {
    const c = needCalls()
    return address.kind === 'unix'
      ? openUnix(c, address.path, owner, replaces)
      : openTcp(c, address)
  },
  inherit(descriptor, address) {
    const c = needCalls()
    if (!isAt(c, descriptor, address)) throw systemError(notSocket)
    return moveUp(c, descriptor)
  },
  takeFrom(pid, descriptor, address) {
    const c = needCalls()
    const taken = copyOf(c, pid, descriptor)
    if (isAt(c, taken, address)) return moveUp(c, taken)
    fs.closeSync(taken)
    throw systemError(notSocket)
  },
  probeTake(pid) {
    fs.closeSync(copyOf(needCalls(), pid, 0))
  },
}

/** As many connections wait until the program accepts them; the system lowers it to net.core.somaxconn. */
const backlog = 4096
const addressBytes = 128
/** sockaddr_un: the path begins after the family, and has 108 bytes with the zero at its end. */
const unixPathOffset = 2
const maxUnixPathBytes = 107
/** Until it listens, the file of a Unix socket has this name. It is also the one that getsockname(2) knows. */
const temporaryEnd = '.new'
/** Mode 0660 from the first moment. */
const socketUmask = 0o117

type TcpAddress = Extract<SocketAddress, { kind: 'tcp' }>

function openTcp(c: Calls, address: TcpAddress): OpenedSocket {
  const [first, ...others] = tcpNames(c, address)
  const open = ({ family, bytes }: SocketName): number =>
    newSocket(c, family, (descriptor) => {
      setFlag(c, descriptor, socketLevel, reuseAddress, true)
      if (family === ipv6Family)
        setFlag(c, descriptor, ipv6Level, ipv6Only, address.host !== undefined)
      checked(c, c.bind(descriptor, bytes, bytes.length))
      checked(c, c.listen(descriptor, backlog))
    })
  try {
    return { descriptor: open(first), file: undefined }
  } catch (error) {
    const [next] = others
    // A machine without IPv6: without the family, or with all its addresses disabled.
    if (next === undefined || !hasCode(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL')) throw error
    return { descriptor: open(next), file: undefined }
  }
}

/** The address of a socket as the system has it. */
interface SocketName {
  readonly family: number
  readonly bytes: Buffer
}

/** The names that the socket of an address may have; the first one is the best. */
function tcpNames(c: Calls, { host, port }: TcpAddress): [SocketName, ...SocketName[]] {
  if (host === undefined) return [ipv6Name(c, '::', port), ipv4Name(c, '0.0.0.0', port)]
  return [host.includes(':') ? ipv6Name(c, host, port) : ipv4Name(c, host, port)]
}

/** sockaddr_in: family, port, address. The port and the address are big-endian. */
function ipv4Name(c: Calls, host: string, port: number): SocketName {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(ipv4Family, 0)
  bytes.writeUInt16BE(port, 2)
  parseInto(c, ipv4Family, host, bytes.subarray(4, 8))
  return { family: ipv4Family, bytes }
}

/** sockaddr_in6: family, port, flow, address, scope. */
function ipv6Name(c: Calls, host: string, port: number): SocketName {
  const [text = '', zone] = host.split('%')
  const bytes = Buffer.alloc(28)
  bytes.writeUInt16LE(ipv6Family, 0)
  bytes.writeUInt16BE(port, 2)
  parseInto(c, ipv6Family, text, bytes.subarray(8, 24))
  if (zone !== undefined) bytes.writeUInt32LE(Number(zone) || c.interfaceIndex(zone), 24)
  return { family: ipv6Family, bytes }
}

function parseInto(c: Calls, family: number, text: string, bytes: Buffer): void {
  const address = Buffer.alloc(16)
  if (c.parseAddress(family, text, address) !== 1) throw systemError(familyNotSupported)
  address.copy(bytes, 0, 0, bytes.length)
}

/** sockaddr_un: family, path, zero. */
function unixName(file: string): Buffer {
  const path = Buffer.from(file)
  if (path.length > maxUnixPathBytes)
    throw Object.assign(new Error(`its path is longer than ${maxSocketPathBytes} bytes`), {
      code: 'ENAMETOOLONG',
    })
  const bytes = Buffer.alloc(unixPathOffset + path.length + 1)
  bytes.writeUInt16LE(unixFamily, 0)
  path.copy(bytes, unixPathOffset)
  return bytes
}

/** The longest path of a Unix socket that a task may listen at. */
const maxSocketPathBytes = maxUnixPathBytes - temporaryEnd.length

/**
 * Binds beside the path and renames into place once it listens, so that nobody is refused. A file that
 * is no socket is left alone, as is a socket on which somebody listens.
 */
function openUnix(
  c: Calls,
  path: string,
  owner: Owner,
  replaces: string | undefined,
): OpenedSocket {
  const temporary = path + temporaryEnd
  const name = unixName(temporary)
  for (const file of [path, temporary]) demandFree(c, file, replaces)
  fs.rmSync(temporary, { force: true })
  const descriptor = newSocket(c, unixFamily, (made) => {
    const before = process.umask(socketUmask)
    try {
      checked(c, c.bind(made, name, name.length))
    } finally {
      process.umask(before)
    }
    checked(c, c.listen(made, backlog))
  })
  try {
    const file = giveAway(temporary, owner)
    fs.renameSync(temporary, path)
    return { descriptor, file }
  } catch (error) {
    fs.closeSync(descriptor)
    fs.rmSync(temporary, { force: true })
    throw error
  }
}

function demandFree(c: Calls, file: string, replaces: string | undefined): void {
  const facts = fs.lstatSync(file, { throwIfNoEntry: false })
  if (facts === undefined) return
  if (!facts.isSocket())
    throw Object.assign(new Error(`${file} exists and is not a socket`), { code: 'EEXIST' })
  if (`${facts.dev}:${facts.ino}` === replaces) return
  const descriptor = checked(c, c.socket(unixFamily, stream | closeOnExec | nonBlocking, 0))
  try {
    const name = unixName(file)
    const connected = c.connect(descriptor, name, name.length)
    // EAGAIN: nobody accepts at the moment, but somebody listens.
    if (connected === 0 || systemErrorCode(c) === 'EAGAIN') throw systemError(addressInUse)
  } finally {
    fs.closeSync(descriptor)
  }
}

function systemErrorCode(c: Calls): string | undefined {
  return getSystemErrorMap().get(-c.errno())?.[0]
}

/**
 * Returns device and inode. The folder may be its owner's, who could put another file there meanwhile: so
 * the file is opened first, without following a link, and changed only if it is a socket.
 */
function giveAway(file: string, { uid, gid }: Owner): string {
  const descriptor = fs.openSync(file, pathOnly | fs.constants.O_NOFOLLOW)
  try {
    const facts = fs.fstatSync(descriptor)
    if (!facts.isSocket() || facts.uid !== process.geteuid?.()) throw systemError(notSocket)
    if (facts.uid !== uid || facts.gid !== gid)
      fs.chownSync(`/proc/self/fd/${descriptor}`, uid, gid)
    return `${facts.dev}:${facts.ino}`
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Whether a descriptor is a socket that listens there. */
function isAt(c: Calls, descriptor: number, address: SocketAddress): boolean {
  const listens = Buffer.alloc(4)
  const length = lengthOf(listens)
  if (c.getOption(descriptor, socketLevel, isListening, listens, length) !== 0) return false
  if (listens.readInt32LE() === 0) return false
  const bytes = Buffer.alloc(addressBytes)
  const size = lengthOf(bytes)
  if (c.nameOf(descriptor, bytes, size) !== 0) return false
  const name = bytes.subarray(0, size.readUInt32LE())
  if (address.kind === 'unix') return name.equals(unixName(address.path + temporaryEnd))
  return tcpNames(c, address).some((each) => each.bytes.equals(name))
}

/** A length that a call reads and changes. */
function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return length
}
