import { getSystemErrorName } from 'node:util'
import { openCLibrary } from './c-library.ts'

/** System calls that Node does not offer. */
interface SystemCalls {
  /** flock(2) with LOCK_EX and LOCK_NB: whether this process has the lock now. */
  tryLock(descriptor: number): boolean
  /** An extended attribute; undefined if the file or its file system has none. Throws for all else. */
  attribute(file: string, name: string): Buffer | undefined
  /** The number of a process's group, by getpgid(2); -1 if the process is gone or may not be asked. */
  groupOf(pid: number): number
  /** Makes a named pipe for this user alone, by mkfifo(3). Throws if the system refuses it. */
  makePipe(file: string): void
  /** How many bytes wait in a pipe, by ioctl(2) FIONREAD; undefined if the system does not say. */
  unread(descriptor: number): number | undefined
}

let loaded: SystemCalls | 'missing' | undefined

/** undefined if this machine cannot call them. */
export function systemCalls(): SystemCalls | undefined {
  loaded ??= open()
  return loaded === 'missing' ? undefined : loaded
}

/** From <sys/file.h> and <errno.h> on Linux. */
const exclusiveWithoutWaiting = 2 | 4
const noData = 61
const notSupported = 95
/** FIONREAD of <sys/ioctl.h>. */
const bytesToRead = 0x541b
const forUserAlone = 0o600
/** XATTR_SIZE_MAX of xattr(7). */
const maxAttributeBytes = 65_536

function open(): SystemCalls | 'missing' {
  try {
    const c = openCLibrary()
    const flock = c.func('int flock(int fd, int operation)')
    const getxattr = c.func('long getxattr(str path, str name, void *value, ulong size)')
    const getpgid = c.func('int getpgid(int pid)')
    const mkfifo = c.func('int mkfifo(str path, uint mode)')
    const ioctl = c.func('int ioctl(int fd, ulong request, _Out_ int *count)')
    return {
      groupOf: getpgid,
      makePipe(file) {
        if (mkfifo(file, forUserAlone) !== 0)
          throw new Error(`mkfifo ${file}: ${getSystemErrorName(-c.errno())}`)
      },
      unread(descriptor) {
        const count: [number] = [0]
        return ioctl(descriptor, bytesToRead, count) === 0 ? count[0] : undefined
      },
      tryLock: (descriptor) => flock(descriptor, exclusiveWithoutWaiting) === 0,
      attribute(file, name) {
        const value = Buffer.alloc(maxAttributeBytes)
        const length = getxattr(file, name, value, value.length)
        if (length >= 0) return value.subarray(0, length)
        const error = c.errno()
        if (error === noData || error === notSupported) return undefined
        throw new Error(`the attribute ${name} cannot be read (error ${error})`)
      },
    }
  } catch {
    return 'missing'
  }
}
