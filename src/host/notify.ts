import fs from 'node:fs'
import { openCLibrary } from './c-library.ts'
import { runProgram } from './programs.ts'

/** Sends one message to systemd: sd_notify(3). `lines` are assignments such as `READY=1`. Never throws. */
export type Notify = (socket: string, lines: readonly string[]) => Promise<void>

/** systemd-notify takes a few milliseconds; if systemd is stuck, the daemon is not. */
const programTimeoutMs = 5_000

/**
 * systemd sees which process sends, and with NotifyAccess=main it listens only to the main process of
 * the unit. So this process sends by itself, by sendto(2) of the C library, because Node has no
 * datagrams on Unix sockets. If that does not work, systemd-notify sends: run by root, it can say that
 * its parent is the sender; for other users the unit needs NotifyAccess=all.
 */
export const notify: Notify = async (socket, lines) => {
  if (!sendSelf(socket, lines)) await sendByProgram(socket, lines)
}

/** Sends it by the program of systemd. */
export async function sendByProgram(socket: string, lines: readonly string[]): Promise<void> {
  const env = { NOTIFY_SOCKET: socket }
  await runProgram('systemd-notify', lines, { timeoutMs: programTimeoutMs, env })
}

/** From <sys/socket.h> of the GNU C library on Linux. */
const familyUnix = 1
const typeDatagram = 2
const closeOnExec = 0o2000000
const dontWait = 0x40
const noSignal = 0x4000

let calls: ReturnType<typeof openCalls> | undefined

/** Declared once: koffi keeps every declaration. */
function openCalls() {
  const c = openCLibrary()
  return {
    open: c.func('int socket(int family, int type, int protocol)'),
    send: c.func(
      'long sendto(int fd, void *data, ulong size, int flags, void *address, uint length)',
    ),
  }
}

/** Sends it from this process; false if that is not possible here or systemd does not take it at once. */
export function sendSelf(socket: string, lines: readonly string[]): boolean {
  try {
    calls ??= openCalls()
    const { open, send } = calls
    const [data, address] = [Buffer.from(lines.join('\n')), unixAddress(socket)]
    const descriptor = open(familyUnix, typeDatagram | closeOnExec, 0)
    if (descriptor < 0) return false
    try {
      const flags = dontWait | noSignal
      return send(descriptor, data, data.length, flags, address, address.length) === data.length
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    // No koffi, or another C library.
    return false
  }
}

/** A sockaddr_un, see unix(7). A name that begins with `@` is abstract. */
function unixAddress(socket: string): Buffer {
  const path = Buffer.from(`${socket}\0`)
  const isAbstract = socket.startsWith('@')
  if (isAbstract) path[0] = 0
  const family = Buffer.alloc(2)
  family.writeUInt16LE(familyUnix)
  return Buffer.concat([family, isAbstract ? path.subarray(0, -1) : path])
}
