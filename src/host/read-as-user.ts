import { spawnSync } from 'node:child_process'
import type { Account } from './accounts.ts'
import type { FileFacts } from './files.ts'
import type { Host } from './host.ts'
import { hasCode } from './system-error.ts'

/** A file that was read with the rights of a user, and how it looked then. */
interface Read {
  readonly stamp: string
  readonly bytes: Buffer
}

/** By user and path. Only a root daemon reads for others, and each of its tasks has at most one such file. */
const lastRead = new Map<string, Read>()
const maxRemembered = 1_000

/** Two writes so close to each other may leave the same times. */
const recentMs = 2_500

/** A program that waits for a slow disk blocks the daemon this long. */
const maxReadMs = 2_000

/** setpriv(1) and dd(1) are found here. The PATH of this process does not matter. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/**
 * Like files.readFile(), with the rights of another user: a path that this user controls must not lead to a
 * file that only root may read. Only root can do that, by a program that costs some milliseconds; so a file
 * that has not changed since is not read again. Throws with a message for a person.
 */
export function readFileAs(
  { files, clock }: Pick<Host, 'files' | 'clock'>,
  { uid, gid, name }: Pick<Account, 'uid' | 'gid' | 'name'>,
  file: string,
  maxBytes: number,
): Buffer | undefined {
  const facts = files.facts(file)
  if (facts === undefined) return undefined
  if (facts.kind !== 'file')
    throw new Error(
      facts.kind === 'directory'
        ? 'is a directory, not a file'
        : 'is neither a file nor a directory',
    )
  const key = `${uid}:${gid} ${file}`
  const stamp = stampOf(facts)
  const known = lastRead.get(key)
  if (known?.stamp === stamp) return known.bytes
  const bytes = readByProgram({ uid, gid, name }, file, maxBytes)
  if (lastRead.size >= maxRemembered) lastRead.clear()
  // It may have changed just before, or while it was read.
  if (clock.now() - facts.ctimeMs > recentMs && stampOf(files.facts(file)) === stamp)
    lastRead.set(key, { stamp, bytes })
  return bytes
}

function stampOf(facts: FileFacts | undefined): string {
  return facts === undefined ? '' : `${facts.identity} ${facts.size} ${facts.ctimeMs}`
}

function readByProgram(
  { uid, gid, name }: Pick<Account, 'uid' | 'gid' | 'name'>,
  file: string,
  maxBytes: number,
): Buffer {
  const rights = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--']
  // WITHOUT WAITING: the user may have put a pipe there meanwhile.
  const read = ['dd', `if=${file}`, `bs=${maxBytes + 1}`, 'count=1', 'iflag=nonblock,fullblock']
  const { status, error, stdout, stderr } = spawnSync(
    'setpriv',
    [...rights, ...read, 'status=none'],
    {
      cwd: '/',
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: maxReadMs,
      killSignal: 'SIGKILL',
      maxBuffer: maxBytes + 1,
    },
  )
  if (error !== undefined)
    throw new Error(
      hasCode(error, 'ENOENT')
        ? `cannot be read as user ${name}: the program setpriv is missing`
        : `cannot be read as user ${name}: ${error.message}`,
    )
  if (status !== 0) throw new Error(`cannot be read as user ${name}: ${reasonIn(stderr)}`)
  if (stdout.length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`)
  return stdout
}

/** `dd: failed to open '/root/x': Permission denied` says it at its end. */
function reasonIn(stderr: Buffer): string {
  const [line = ''] = stderr.toString('utf8').trim().split('\n')
  return line.slice(line.lastIndexOf(': ') + 1).trim() || 'setpriv or dd failed'
}
