import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from '../host/host.ts'
import type { SystemFacts } from './judge-system.ts'
import { lacksOf, type UnitFacts } from './systemd-unit.ts'
import type { Task } from '../tasks/task.ts'
import { ownPath, quietly, textOf, which } from './probe.ts'
import { asksForUser } from './probe-programs.ts'

/** What this machine is started and run by. Never throws. */
export function lookAtSystem(host: Host, here: readonly Task[] | undefined): SystemFacts {
  const { uid } = host.processes
  const shipped = fileURLToPath(new URL('../../systemd/torch.service', import.meta.url))
  return {
    inContainer: inContainer(host),
    hasProc: textOf(host, '/proc/self/stat') !== '',
    user: {
      uid,
      name: quietly(() => host.accounts.user(String(uid)))?.name,
      mayChangeUser: mayChangeUser(host),
      users: (here ?? []).filter(asksForUser).map(({ name }) => name),
    },
    init: { names: initNames(host), zombies: zombiesOf(host) },
    systemd: {
      booted: isThere(host, '/run/systemd/system'),
      notify: which(host, 'systemd-notify', ownPath()),
      unit: findUnit(host, shipped),
      shipped,
    },
  }
}

/** By the marks that docker, podman and systemd-nspawn(1) leave, and the group of Kubernetes. */
function inContainer(host: Host): boolean {
  return (
    isThere(host, '/.dockerenv') ||
    isThere(host, '/run/.containerenv') ||
    (process.env['container'] ?? '') !== '' ||
    process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  )
}

/** CAP_SETGID and CAP_SETUID: capabilities(7). */
const setIds = (1n << 6n) | (1n << 7n)

function mayChangeUser(host: Host): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(textOf(host, '/proc/self/status'))?.[1]
  if (effective === undefined) return host.processes.uid === 0
  return (BigInt(`0x${effective}`) & setIds) === setIds
}

function initNames(host: Host): string[] {
  const program = path.basename(textOf(host, '/proc/1/cmdline').split('\0')[0] ?? '')
  const names = [textOf(host, '/proc/1/comm').trim(), program]
  return [...new Set(names)].filter((name) => name !== '')
}

/** Children of process 1 that ended: fields 3 and 4 of /proc/PID/stat. */
function zombiesOf(host: Host): number {
  const pids = (quietly(() => host.files.list('/proc')) ?? []).filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    const stat = textOf(host, `/proc/${pid}/stat`)
    return stat.slice(stat.lastIndexOf(')')).startsWith(') Z 1 ')
  }).length
}

/** Where units are, the stronger first: systemd.unit(5). */
const unitFolders = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system']
const unitName = 'torch.service'

function findUnit(host: Host, shipped: string): UnitFacts | undefined {
  const user = path.join(host.accounts.self().home, '.config/systemd/user')
  const folders = host.processes.uid === 0 ? unitFolders : [user, ...unitFolders]
  const folder = folders.find((each) => isThere(host, path.join(each, unitName)))
  if (folder === undefined) return undefined
  const file = path.join(folder, unitName)
  const dropIns = folders.toReversed().flatMap((each) => {
    const place = path.join(each, `${unitName}.d`)
    const names = quietly(() => host.files.list(place)) ?? []
    return names.filter((name) => name.endsWith('.conf')).map((name) => path.join(place, name))
  })
  const texts = [file, ...dropIns].map((each) => textOf(host, each))
  return {
    path: file,
    isEnabled: isWanted(host, folders),
    lacks: lacksOf(texts, textOf(host, shipped)),
  }
}

/** systemctl enable makes a link in a folder of the target. */
function isWanted(host: Host, folders: readonly string[]): boolean {
  return folders.some((folder) =>
    (quietly(() => host.files.list(folder)) ?? [])
      .filter((name) => name.endsWith('.wants'))
      .some((name) => isThere(host, path.join(folder, name, unitName))),
  )
}

function isThere(host: Host, file: string): boolean {
  return quietly(() => host.files.facts(file)) !== undefined
}
