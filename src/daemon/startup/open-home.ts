import { TorchError, messageOf } from '../../errors.ts'
import { hasCode } from '../../host/system-error.ts'
import type { Host } from '../../host/host.ts'
import { makeActive } from '../../run/directory.ts'
import { shellQuoted } from '../../text/shell-quote.ts'
import { type HomePaths, homePaths } from '../settings.ts'

/** Prepares a home: creates its folders, which only its owner may enter. Throws TorchError `bad-home`. */
export function openHome(host: Host, home: string): HomePaths {
  const paths = homePaths(home)
  try {
    host.files.makeDirectory(home)
    makePrivate(host, paths)
    host.files.makeDirectory(paths.runs)
    makeActive(host, home)
    // A full disk or a read-only mount fails here, not at the first run.
    host.files.replace(`${paths.home}/.probe`, '')
    host.files.remove(`${paths.home}/.probe`)
    return paths
  } catch (error) {
    if (error instanceof TorchError) throw error
    const why = hasCode(error, 'EEXIST')
      ? 'is not a directory'
      : `cannot be used: ${messageOf(error)}`
    throw new TorchError('bad-home', `the home ${home} ${why}`, {
      hint: 'choose another with --home or TORCH_HOME',
      cause: error,
    })
  }
}

/**
 * Only the owner of a home may enter it (0700), because the daemon trusts its files and runs them as its
 * user. A home that is open to others is closed, unless the folder holds files of other programs.
 */
function makePrivate(host: Host, { home, lock }: HomePaths): void {
  const facts = host.files.facts(home)
  if (facts === undefined) return
  if (facts.uid !== host.processes.uid)
    throw new TorchError(
      'foreign-home',
      `the home ${home} belongs to another user (uid ${facts.uid})`,
      {
        hint: 'start torch as that user, or choose another home with --home',
      },
    )
  if ((facts.mode & 0o077) === 0) return
  const isOurs = host.files.list(home).length === 0 || host.files.facts(lock) !== undefined
  if (!isOurs)
    throw new TorchError(
      'open-home',
      `the home ${home} is open to others (mode ${facts.mode.toString(8)})`,
      {
        hint: `it holds files of other programs; choose another home, or: chmod 700 ${shellQuoted(home)}`,
      },
    )
  host.files.changeMode(home, 0o700)
}

/** Removes temporary files of processes that were killed while they wrote. A living process may still write. */
export function removeTorn(host: Host, { home }: HomePaths): void {
  for (const name of host.files.list(home)) {
    const pid = /^\..+\.(\d+)\.tmp$/.exec(name)?.[1]
    if (pid === undefined || host.processes.identify(Number(pid)) !== undefined) continue
    host.files.remove(`${home}/${name}`)
  }
}

/** The pid in the pidfile, if such a process exists. It informs and never decides. */
export function readPid(host: Host, paths: HomePaths): number | undefined {
  const pid = Number.parseInt(host.files.readText(paths.pidfile) ?? '', 10)
  return Number.isNaN(pid) || host.processes.identify(pid) === undefined ? undefined : pid
}
