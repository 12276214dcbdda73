import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { cpuGraceSeconds } from '../plan/run-outcome.ts'
import { type LimitBounds, type MachineBounds, maxArgumentBytes } from '../tasks/machine-bounds.ts'

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

/** What this machine allows the children of a process: of this one, or of another. Never throws. */
export function machineBounds(host: Host, pid: number | 'self' = 'self'): MachineBounds {
  const stack = limitIn(textOf(host, `/proc/${pid}/limits`), 'Max stack size', 'soft')
  return { limits: limitBounds(host, pid), argumentBytes: argumentBytes(stack) }
}

/** Linux always allows 32 pages, then a quarter of the soft limit of the stack: see execve(2). */
function argumentBytes(stackBytes: number): number {
  return Math.max(minArgumentBytes, Math.min(stackBytes / 4, maxArgumentBytes))
}

const minArgumentBytes = 131_072

/**
 * The bounds of the limits that a process can set for its children: this process, or another. A limit
 * without a bound is left out. Never throws.
 */
export function limitBounds(host: Host, pid: number | 'self' = 'self'): LimitBounds {
  const read = (file: string): string => textOf(host, file)
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? '0'
  const mayRaise = (BigInt(`0x${capabilities}`) >> mayRaiseBit) % 2n === 1n
  const limits = read(`/proc/${pid}/limits`)
  const open = Number(read('/proc/sys/fs/nr_open'))
  const kernel: LimitBounds = open > 0 ? { nofile: { most: open, by: 'fs.nr_open' } } : {}
  if (mayRaise) return kernel
  const own = Object.entries(names).flatMap(([key, [name, by]]) => {
    const hard = hardLimit(limits, name)
    // The run gets XCPU at its limit, and its own hard limit is that much higher.
    const most = key === 'cpu' ? Math.max(hard - cpuGraceSeconds, 0) : hard
    return hard === Infinity ? [] : [[key, { most, by: `ulimit -H, ${by}` }] as const]
  })
  return { ...kernel, ...Object.fromEntries(own) }
}

/** Infinity: no limit. */
export function hardLimit(limits: string, name: string): number {
  return limitIn(limits, name, 'hard')
}

function limitIn(limits: string, name: string, which: 'soft' | 'hard'): number {
  const line = limits.split('\n').find((each) => each.startsWith(name)) ?? ''
  const [soft = '', hard = ''] = line.slice(name.length).trim().split(/\s+/)
  const value = which === 'soft' ? soft : hard
  return /^\d+$/.test(value) ? Number(value) : Infinity
}

function textOf(host: Host, file: string): string {
  return quietly(() => host.files.readText(file)) ?? ''
}
