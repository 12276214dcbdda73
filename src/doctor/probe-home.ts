import path from 'node:path'
import type { FileFacts } from '../host/files.ts'
import { hasCode } from '../host/system-error.ts'
import type { Host } from '../host/host.ts'
import type { HomeFacts, HomeState } from './judge-home.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { quietly } from './probe.ts'

/** The home, on which a daemon runs or not, and the disk that it is on, or will be on. Never throws. */
export function lookAtHome(host: Host, paths: HomePaths, isInUse: boolean): HomeFacts {
  const { files } = host
  const log = quietly(() => files.facts(paths.log))
  const space = quietly(() => files.space(nearestFolder(host, paths.home)))
  return {
    path: paths.home,
    state: stateOf(host, paths),
    isInUse,
    space,
    log: log && { path: paths.log, size: log.size, mayWrite: files.mayWrite(paths.log) },
    socketBytes: Buffer.byteLength(paths.socket),
  }
}

function stateOf(host: Host, paths: HomePaths): HomeState {
  try {
    const facts = host.files.facts(paths.home)
    if (facts !== undefined) return stateOfFound(host, paths, facts)
    const above = nearestFolder(host, paths.home)
    const isFolder = host.files.facts(above)?.kind === 'directory'
    return { kind: 'absent', above, mayMake: isFolder && host.files.mayWrite(above) }
  } catch (error) {
    // What else stat(2) says here is that the path itself cannot be.
    return { kind: hasCode(error, 'EACCES', 'EPERM') ? 'denied' : 'no-directory' }
  }
}

function stateOfFound(host: Host, { home, lock }: HomePaths, facts: FileFacts): HomeState {
  const { files, processes, accounts } = host
  if (facts.kind !== 'directory') return { kind: 'no-directory' }
  const name = quietly(() => accounts.user(String(facts.uid)))?.name
  const owner = name === undefined ? `uid ${facts.uid}` : `${name} (uid ${facts.uid})`
  return {
    kind: 'there',
    foreign: facts.uid === processes.uid ? undefined : owner,
    mode: facts.mode,
    isTorch:
      quietly(() => files.facts(lock) !== undefined || files.list(home).length === 0) ?? false,
    mayWrite: files.mayWrite(home),
  }
}

/** The home itself, or what of the way to it is there. */
function nearestFolder(host: Host, place: string): string {
  const isThere = quietly(() => host.files.facts(place)) !== undefined
  return isThere || place === '/' ? place : nearestFolder(host, path.dirname(place))
}
