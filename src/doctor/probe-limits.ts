import path from 'node:path'
import type { Host } from '../host/host.ts'
import type { BoundFacts } from './judge-limits.ts'
import type { Task } from '../tasks/task.ts'
import { quietly, textOf } from './probe.ts'

/** More are not looked through: it takes a second. */
const maxDescriptorsRead = 50_000

/** How much this machine gives to the daemon, or where none runs, to who asks. Never throws. */
export function lookAtBounds(
  host: Host,
  here: readonly Task[] | undefined,
  daemon: number | undefined,
): BoundFacts {
  const limits = textOf(host, `/proc/${daemon ?? 'self'}/limits`)
  return {
    memory: memoryOf(host, daemon),
    descriptors: hardLimit(limits, 'Max open files'),
    processes: { ...mostProcesses(host, limits, daemon), runs: runsOf(here ?? []) },
    watching: watchingOf(host),
  }
}

/** The hard one: Node raises its own soft one up to it. */
function hardLimit(limits: string, name: string): number {
  const line = limits.split('\n').find((each) => each.startsWith(name)) ?? ''
  const [, hard = ''] = line.slice(name.length).trim().split(/\s+/)
  return /^\d+$/.test(hard) ? Number(hard) : Infinity
}

function memoryOf(host: Host, daemon: number | undefined): BoundFacts['memory'] {
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(textOf(host, '/proc/meminfo'))?.[1]
  const machine =
    available === undefined ? host.processes.load().freeMemory : Number(available) * 1024
  const limit = groupLimit(host, daemon, 'memory.max')
  if (limit === undefined) return { availableBytes: machine, limitBytes: undefined }
  const left = Math.max(
    limit.most - Number(textOf(host, path.join(limit.folder, 'memory.current'))),
    0,
  )
  return { availableBytes: Math.min(left, machine), limitBytes: limit.most }
}

function mostProcesses(
  host: Host,
  limits: string,
  daemon: number | undefined,
): { most: number; by: string } {
  // setrlimit(2): not for root.
  const own = host.processes.uid === 0 ? Infinity : hardLimit(limits, 'Max processes')
  const group = groupLimit(host, daemon, 'pids.max')?.most ?? Infinity
  return group < own ? { most: group, by: 'pids.max' } : { most: own, by: 'ulimit -u' }
}

/** The narrowest limit of a control group and those above it (cgroups(7), version 2). */
function groupLimit(
  host: Host,
  daemon: number | undefined,
  name: string,
): { most: number; folder: string } | undefined {
  const own = /^0::(\/.*)$/m.exec(textOf(host, `/proc/${daemon ?? 'self'}/cgroup`))?.[1] ?? '/'
  const parts = own.split('/').filter((part) => part !== '')
  const found = parts
    .concat('')
    .map((_, depth) => path.join('/sys/fs/cgroup', ...parts.slice(0, depth)))
    .map((folder) => ({ folder, text: textOf(host, path.join(folder, name)).trim() }))
    .filter(({ text }) => /^\d+$/.test(text))
    .map(({ folder, text }) => ({ folder, most: Number(text) }))
  return found.toSorted((a, b) => a.most - b.most)[0]
}

function runsOf(here: readonly Task[]): number {
  return here.reduce((sum, { max }) => sum + (Number.isFinite(max) ? max : 1), 0)
}

function watchingOf(host: Host): BoundFacts['watching'] {
  const most = (name: string) => Number(textOf(host, `/proc/sys/fs/inotify/max_user_${name}`))
  if (most('instances') === 0) return undefined
  const used = inotifyUsed(host)
  return {
    instances: { most: most('instances'), used: used?.instances },
    watches: { most: most('watches'), used: used?.watches },
  }
}

/** What the processes of this user have, by proc(5); undefined: there are too many to look at. */
function inotifyUsed(host: Host): { instances: number; watches: number } | undefined {
  const { files, processes } = host
  const own = (quietly(() => files.list('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => quietly(() => files.facts(`/proc/${pid}`))?.uid === processes.uid)
  let read = 0
  const used = { instances: 0, watches: 0 }
  for (const pid of own) {
    for (const descriptor of quietly(() => files.list(`/proc/${pid}/fd`)) ?? []) {
      read += 1
      if (read > maxDescriptorsRead) return undefined
      const target = quietly(() => files.readLink(`/proc/${pid}/fd/${descriptor}`))
      if (target !== 'anon_inode:inotify') continue
      used.instances += 1
      const lines = textOf(host, `/proc/${pid}/fdinfo/${descriptor}`).split('\n')
      used.watches += lines.filter((line) => line.startsWith('inotify ')).length
    }
  }
  return used
}
