import { openCLibrary } from './c-library.ts'

/** System calls that Node does not offer. */
interface SystemCalls {
  /** flock(2) with LOCK_EX and LOCK_NB: whether this process has the lock now. */
  tryLock(descriptor: number): boolean
  /** An extended attribute; undefined if the file or its file system has none. Throws for all else. */
  attribute(file: string, name: string): Buffer | undefined
  /** The number of a process's group, by getpgid(2); -1 if the process is gone or may not be asked. */
  groupOf(pid: number): number
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
/** XATTR_SIZE_MAX of xattr(7). */
const maxAttributeBytes = 65_536

function open(): SystemCalls | 'missing' {
  try {
    const c = openCLibrary()
    const flock = c.func('int flock(int fd, int operation)')
    const getxattr = c.func('long getxattr(str path, str name, void *value, ulong size)')
    const getpgid = c.func('int getpgid(int pid)')
    return {
      groupOf: getpgid,
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
