import type { HostStatus } from '../../daemon/fleet/answer-asks.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import { rankOf } from '../../plan/fleet/ranks.ts'
import { plainLine } from '../../text/sanitize.ts'

/** The machines that may run a task. One with another version of it than most is not chosen. */
export function hostsFor(
  statuses: ReadonlyMap<string, HostStatus>,
  task: string,
): readonly (readonly [host: string, status: HostStatus])[] {
  const able = [...statuses].filter(
    ([, { report, drift }]) =>
      report.tasks.some(({ name, here }) => name === task && here) &&
      report.daemon?.state === 'running' &&
      !drift.some((each) => each.task === task),
  )
  if (able.length > 0) return able
  throw new TorchError('no-task', `no machine that is up may run ${plainLine(task)}`, {
    exit: exitStatus.usage,
    hint: 'torch fleet status shows the machines and the tasks; --on names one of them',
  })
}

/** The machine that comes first for a task in this second, among those that may run it. Throws `no-task`. */
export function hostToRun(
  statuses: ReadonlyMap<string, HostStatus>,
  task: string,
  slot: number,
): string {
  const names = hostsFor(statuses, task).map(([host]) => host)
  const candidates = names.map((host) => ({ host, tier: 0 }))
  const ranked = names.map((host) => ({ host, rank: rankOf({ task, slot, host }, candidates) }))
  return ranked.toSorted((a, b) => a.rank - b.rank)[0]?.host ?? ''
}

/** The task, or run, and the machine of `backup@web1`: a task has no @ in its name. */
export function targetParts(target: string): [name: string, host: string | undefined] {
  const at = target.indexOf('@')
  return at === -1 ? [target, undefined] : [target.slice(0, at), target.slice(at + 1)]
}
