import type { Host } from '../host/host.ts'
import type { Limits } from '../tasks/task.ts'

/** The most that a limit can be set to, and what says so. */
export interface LimitBound {
  readonly most: number
  readonly by: string
}
export type LimitBounds = Readonly<Partial<Record<keyof Limits, LimitBound>>>

/** The names in /proc/PID/limits, and the options of ulimit(1) and of a systemd unit. */
const names = {
  nofile: ['Max open files', 'LimitNOFILE='],
  cpu: ['Max cpu time', 'LimitCPU='],
  memory: ['Max address space', 'LimitAS='],
  core: ['Max core file size', 'LimitCORE='],
  fsize: ['Max file size', 'LimitFSIZE='],
  nproc: ['Max processes', 'LimitNPROC='],
} as const

/** CAP_SYS_RESOURCE, see capabilities(7): whoever has it may raise its own hard limits. */
const mayRaiseBit = 24n

/**
 * The bounds of the limits that a process can set for its children: this process, or another. A limit
 * without a bound is left out. Never throws.
 */
export function limitBounds(host: Host, pid: number | 'self' = 'self'): LimitBounds {
  const read = (file: string): string => {
    try {
      return host.files.readText(file) ?? ''
    } catch {
      return ''
    }
  }
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0'
  const mayRaise = (BigInt(`0x${capabilities}`) >> mayRaiseBit) % 2n === 1n
  const limits = read(`/proc/${pid}/limits`)
  const most = Number(read('/proc/sys/fs/nr_open'))
  const kernel: LimitBounds = most > 0 ? { nofile: { most, by: 'fs.nr_open' } } : {}
  if (mayRaise) return kernel
  const own = Object.entries(names).flatMap(([key, [name, by]]) => {
    const hard = hardLimit(limits, name)
    return hard === Infinity ? [] : [[key, { most: hard, by: `ulimit -H, ${by}` }] as const]
  })
  return { ...kernel, ...Object.fromEntries(own) }
}

/** Infinity: no limit. */
export function hardLimit(limits: string, name: string): number {
  const line = limits.split('\n').find((each) => each.startsWith(name)) ?? ''
  const [, hard = ''] = line.slice(name.length).trim().split(/\s+/)
  return /^\d+$/.test(hard) ? Number(hard) : Infinity
}

/** What is wrong with a limit that is over its bound, in words; undefined if it can be set. */
export function overBound(
  key: string,
  value: number,
  bound: LimitBound | undefined,
): string | undefined {
  if (bound === undefined || value <= bound.most) return undefined
  return `limits.${key} cannot be set to ${value}: this machine allows at most ${bound.most} (${bound.by})`
}
