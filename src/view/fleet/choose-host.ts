import type { HostStatus } from '../../daemon/fleet/answer-asks.ts'
import { TorchError } from '../../errors.ts'
import { rankOf } from '../../plan/fleet/ranks.ts'
import { unknownTask } from '../../tasks/select.ts'
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
  if (![...statuses.values()].some((status) => hasTask(status, task)))
    throw unknownInFleet(statuses, task)
  throw new TorchError('refused', `no machine that is up may run ${plainLine(task)}`, {
    hint: 'torch fleet status shows the machines and the tasks; --on names one of them',
  })
}

/** The error for a name that is no task of the machines that are up. */
export function unknownInFleet(
  statuses: ReadonlyMap<string, HostStatus>,
  name: string,
): TorchError {
  const all = [...statuses.values()].flatMap(({ report }) => report.tasks)
  if (statuses.size > 0)
    return unknownTask(
      name,
      all.map((task) => task.name),
      'torch fleet status',
    )
  return new TorchError('no-host', 'no machine of the fleet answers', {
    hint: 'torch fleet status shows which machines are up',
  })
}

/** Whether the tasks file of a machine has a task. */
export function hasTask({ report }: HostStatus, task: string): boolean {
  return report.tasks.some(({ name }) => name === task)
}

/** The machine that comes first for a task in this second, among those that may run it. Throws `no-task`, or `refused`. */
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
