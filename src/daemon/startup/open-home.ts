import path from 'node:path'
import { TorchError, messageOf } from '../../errors.ts'
import { openToOthers } from '../../host/open-to-others.ts'
import { hasCode } from '../../host/system-error.ts'
import type { Host } from '../../host/host.ts'
import { makeActive } from '../../run/active.ts'
import { preparedFolder } from '../../run/directory.ts'
import { writtenFolder } from '../../run/output.ts'
import { shellQuoted } from '../../text/shell-quote.ts'
import { type HomePaths, homePaths } from '../settings.ts'

/**
 * Prepares a home: creates its folders, which only its owner may enter. The members of the `viewGroup` may
 * reach its view socket, and nothing else. Throws TorchError `bad-home`, `no-group`, and `foreign-home` or
 * `open-home` for a folder that may hold what others put there.
 */
export function openHome(host: Host, home: string, viewGroup?: string): HomePaths {
  const paths = homePaths(home)
  try {
    host.files.makeDirectory(home)
    const viewers = viewGroup === undefined ? undefined : groupId(host, viewGroup)
    makePrivate(host, paths, viewers)
    if (viewGroup !== undefined && viewers !== undefined) admit(host, home, viewGroup, viewers)
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
 * user. A home that is open to others is closed, unless it may be a folder of other programs. NOTHING is
 * changed before all is checked: the folder may be /tmp.
 */
function makePrivate(host: Host, paths: HomePaths, viewers: number | undefined): void {
  const { home } = paths
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
  demandOwnPath(host, home)
  demandOwn(host, paths)
  const isForViewers = (facts.mode & 0o777) === viewMode && facts.gid === viewers
  if ((facts.mode & 0o077) === 0 || isForViewers) return
  const use = useOfHome(host, paths, facts.mode)
  if (use !== 'torch')
    throw new TorchError(
      'open-home',
      `the home ${home} is open to others (mode ${facts.mode.toString(8)})`,
      {
        hint:
          use === 'own-files'
            ? 'it holds files of other programs; choose another home with --home'
            : 'it holds files of other users; choose another home with --home',
      },
    )
  host.files.changeMode(home, 0o700)
  // AGAIN: until now others could still put something there.
  demandOwn(host, paths)
}

/** The group may enter the home, but neither list it nor put anything there. */
const viewMode = 0o710

/** The id of the group of `--view-group`. Throws TorchError `no-group`. */
export function groupId(host: Host, viewGroup: string): number {
  const gid = host.accounts.group(viewGroup)
  if (gid !== undefined) return gid
  throw new TorchError('no-group', `there is no group "${viewGroup}" on this machine`, {
    hint: `create it: groupadd ${shellQuoted(viewGroup)}; or name another one with --view-group`,
  })
}

/**
 * Lets the members of the group into the home. FIRST everything in it is closed to them: so far the mode of the
 * home alone kept others out, so what is open there was of no use to anybody but its owner.
 */
function admit({ files }: Host, home: string, viewGroup: string, viewers: number): void {
  for (const name of files.list(home)) {
    const file = path.join(home, name)
    const facts = files.entryFacts(file)
    if (facts === undefined || facts.kind === 'link' || (facts.mode & 0o077) === 0) continue
    if (file !== homePaths(home).viewSocket) files.changeMode(file, facts.mode & 0o700)
  }
  try {
    if (files.facts(home)?.gid !== viewers) files.changeGroup(home, viewers)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) throw error
    throw new TorchError('no-group', `the home ${home} cannot be given to the group ${viewGroup}`, {
      hint: `the user of the daemon must belong to it: usermod -aG ${shellQuoted(viewGroup)} USER`,
      cause: error,
    })
  }
  files.changeMode(home, viewMode)
}

/** For root: others must not be able to put another folder in place of the home, which torch would then write into. */
function demandOwnPath(host: Host, home: string): void {
  const { uid } = host.processes
  const place = uid === 0 ? openToOthers(host, home, { owner: uid }) : undefined
  // Of the home itself only the permissions can be wrong, and they are about to be set.
  if (place === undefined || (place.part === 'itself' && place.why === 'writable')) return
  const who = place.why === 'owner' ? `user ${place.uid}` : 'other users'
  throw new TorchError('open-home', `${who} can replace the home ${home}: see ${place.path}`, {
    hint: 'choose a home in a folder that only root can write',
  })
}

/** Whose files an open folder holds. Only `torch` may be closed to others. A sticky folder is one for many users. */
export function useOfHome(
  host: Host,
  { home, lock }: HomePaths,
  mode: number,
): 'torch' | 'own-files' | 'others-files' {
  const names = host.files.list(home)
  const isOwn = (name: string): boolean => whyForeign(host, path.join(home, name)) === undefined
  if ((mode & 0o1000) !== 0 || ((mode & 0o022) !== 0 && !names.every(isOwn))) return 'others-files'
  return names.length === 0 || host.files.facts(lock) !== undefined ? 'torch' : 'own-files'
}

/** Throws for the first entry of torch in a home that another user may have put there. */
function demandOwn(host: Host, paths: HomePaths): void {
  const found = foreignEntry(host, paths)
  if (found === undefined) return
  throw new TorchError('foreign-home', `${found.file} ${found.why}`, {
    hint: 'torch uses only files of its own user; find out who put it there and remove it, or choose another home with --home',
  })
}

/** What is in a home under a name that torch uses, and that torch cannot have made. */
export function foreignEntry(
  host: Host,
  paths: HomePaths,
): { readonly file: string; readonly why: string } | undefined {
  const { runs, active, inbox, outbox } = paths
  const folders = [
    runs,
    active,
    inbox,
    outbox,
    preparedFolder(paths.home),
    writtenFolder(paths.home),
  ]
  const beside = host.files.list(paths.home).filter((name) => name.startsWith('history.db'))
  const files = [
    ...Object.values(paths),
    ...folders,
    ...beside.map((name) => path.join(paths.home, name)),
  ]
  for (const file of new Set(files)) {
    if (file === paths.home) continue
    const why = whyForeign(host, file) ?? (folders.includes(file) ? whyOpen(host, file) : undefined)
    if (why !== undefined) return { file, why }
  }
  return undefined
}

function whyForeign({ files, processes }: Host, file: string): string | undefined {
  const facts = files.entryFacts(file)
  if (facts === undefined) return undefined
  if (facts.kind === 'link') return 'is a symbolic link'
  return facts.uid === processes.uid ? undefined : `belongs to another user (uid ${facts.uid})`
}

/** torch makes its folders for itself alone. */
function whyOpen({ files }: Host, folder: string): string | undefined {
  const mode = files.facts(folder)?.mode ?? 0
  return (mode & 0o022) === 0 ? undefined : `can be written by others (mode ${mode.toString(8)})`
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
