import { messageOf } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Task } from '../tasks/task.ts'
import {
  type CheckResult,
  type Finding,
  findingsOf,
  namesOf,
  note,
  ok,
  warning,
} from './finding.ts'
import { textOf } from './probe.ts'

/** Whether torch can hold the sockets of tasks here. */
export interface SocketFacts {
  /** Why torch cannot open sockets for tasks; undefined: it can. */
  readonly whyNot: string | undefined
  /** Why a daemon cannot take a socket out of a run that it did not start; undefined: it can. */
  readonly whyNoTake: string | undefined
  /** Tasks here with `listen`; undefined: unknown without a tasks file. */
  readonly tasks: readonly string[] | undefined
}

/** Probes the sockets. `here`: the tasks that run here, if known. Never throws. */
export function probeSockets(host: Host, here: readonly Task[] | undefined): SocketFacts {
  const whyNot = host.sockets.whyNot()
  return {
    whyNot,
    whyNoTake: whyNot === undefined ? whyNoTake(host) : undefined,
    tasks: here?.filter(({ listen }) => listen.length > 0).map(({ name }) => name),
  }
}

/**
 * A process may always take a descriptor of its own, so the first check finds an old kernel, and the filter
 * of a container. The second is about other processes: see ptrace_scope in proc(5) and Yama.
 */
function whyNoTake(host: Host): string | undefined {
  try {
    host.sockets.probeTake(host.processes.pid)
  } catch (error) {
    return `pidfd_getfd: ${messageOf(error)}`
  }
  const scope = Number(textOf(host, '/proc/sys/kernel/yama/ptrace_scope').trim() || '0')
  if (scope === 0 || (scope < noTracing && mayTrace(host))) return undefined
  return `kernel.yama.ptrace_scope is ${scope}`
}

/** Yama allows nobody to trace. */
const noTracing = 3
/** CAP_SYS_PTRACE, see capabilities(7). */
const tracing = 1n << 19n

function mayTrace(host: Host): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(textOf(host, '/proc/self/status'))?.[1]
  return (BigInt(`0x${effective ?? '0'}`) & tracing) === tracing
}

/** The row `sockets`. */
export function judgeSockets(facts: SocketFacts): Finding[] {
  return findingsOf({ sockets: checkSockets(facts) })
}

function checkSockets({ whyNot, whyNoTake: why, tasks = [] }: SocketFacts): CheckResult {
  const isUsed = tasks.length > 0
  if (whyNot !== undefined) {
    const hint = 'install the optional package koffi, which has builds for glibc and musl'
    return isUsed
      ? warning(`torch cannot open sockets: ${namesOf(tasks)} cannot start (${whyNot})`, { hint })
      : note(`torch cannot open sockets for tasks: ${whyNot}`, { hint })
  }
  if (why !== undefined) {
    const more = {
      instead: 'its runs continue, and the next replacement ends them before it starts new ones',
      hint: 'give torch the capability SYS_PTRACE, or use torch restart and torch stop --leave',
    }
    const found = `after a crash torch cannot take the sockets of a task back from its runs: ${why}`
    return isUsed ? warning(`${found} (${namesOf(tasks)})`, more) : note(found, more)
  }
  return ok('torch can hold the sockets of tasks, and take them back after a crash')
}
