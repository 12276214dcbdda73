import type { HostView } from '../../http/api.ts'
import { counted } from '../../text/plural.ts'
import type { Group } from './address.ts'

export interface Verdict {
  readonly isWell: boolean
  readonly words: string
}

/** Is all well? In a few words: what a person must look at, the worst first. */
export function verdictOf(
  hosts: readonly HostView[],
  counts: Readonly<Record<Group, number>>,
  taskCount: number,
): Verdict {
  const problems = [
    ...hostProblems(
      hosts,
      'The machine does not answer',
      ({ away }) => away !== undefined && away.state !== 'stopped',
    ),
    ...hostProblems(hosts, 'The daemon was stopped', ({ away }) => away?.state === 'stopped'),
    ...hostProblems(
      hosts,
      'No daemon runs',
      ({ daemon, silent, away }) => daemon === null && !silent && away === undefined,
    ),
    ...hostProblems(hosts, 'The daemon does not answer', ({ silent }) => silent),
    ...hostProblems(hosts, 'The tasks file is refused', ({ file }) => !file.ok),
    ...(counts.failing === 0
      ? []
      : [`${counted(counts.failing, 'task')} ${counts.failing === 1 ? 'fails' : 'fail'}`]),
    ...(counts.missed === 0
      ? []
      : [
          `${counts.failing === 0 ? counted(counts.missed, 'task') : counts.missed} missed a start`,
        ]),
    ...hostProblems(
      hosts,
      'torch has trouble',
      ({ trouble, file }) => file.ok && trouble.length > 0,
    ),
  ]
  const [first, second] = problems
  if (first === undefined)
    return { isWell: true, words: taskCount === 0 ? 'No tasks yet' : 'All is well' }
  return { isWell: false, words: second === undefined ? first : `${first}, ${lowered(second)}` }
}

function hostProblems(
  hosts: readonly HostView[],
  words: string,
  has: (host: HostView) => boolean,
): string[] {
  const count = hosts.filter(has).length
  if (count === 0) return []
  return [hosts.length === 1 ? words : `${words} on ${counted(count, 'host')}`]
}

function lowered(text: string): string {
  return text.replace(/^(No|The)\b/, (word) => word.toLowerCase())
}
