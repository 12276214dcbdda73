import { TorchError, wordsOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { type HomePaths, homePaths } from './settings.ts'

/** Makes a home ready to be used: its folders, for nobody else to look into. */
export function openHome(host: Host, home: string): HomePaths {
  const paths = homePaths(home)
  try {
    for (const folder of [paths.home, paths.runs, paths.active]) host.files.makeDirectory(folder)
    // Found out now, and not by the first run: a full disk, a read-only mount, another's folder.
    host.files.replace(`${paths.home}/.probe`, '')
    host.files.remove(`${paths.home}/.probe`)
  } catch (error) {
    throw new TorchError('bad-home', `the home ${home} cannot be used: ${wordsOf(error)}`, {
      hint: 'choose another with --home or TORCH_HOME',
      cause: error,
    })
  }
  const owner = host.files.facts(home)?.uid
  if (owner !== undefined && owner !== host.processes.uid)
    throw new TorchError(
      'foreign-home',
      `the home ${home} belongs to another user (uid ${owner})`,
      {
        hint: 'start torch as that user, or choose another home with --home',
      },
    )
  return paths
}

/** The pid that the pidfile names, where that process looks like ours; it informs and never decides. */
export function readPid(host: Host, paths: HomePaths): number | undefined {
  const pid = Number.parseInt(host.files.readText(paths.pidfile) ?? '', 10)
  return Number.isNaN(pid) || host.processes.identify(pid) === undefined ? undefined : pid
}
