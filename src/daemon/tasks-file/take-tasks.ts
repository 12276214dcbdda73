import type { Host } from '../../host/host.ts'
import { joinStretches, type KnownStretches } from '../../tasks/file/join.ts'
import type { Unpacked } from '../../tasks/file/pack.ts'
import type { PartialTasks } from '../../tasks/file/partial.ts'
import type { Problem } from '../../tasks/file/problem.ts'
import type { TasksFile } from '../../tasks/task.ts'
import { parseBeside, type ParseJob } from './parse.ts'
import { inSlices } from '../upkeep/slices.ts'

/** The tasks of a text, or all that is wrong with it. */
export interface Taken {
  /** undefined where it is bad: then problems says why. */
  readonly file: TasksFile | undefined
  readonly problems: readonly Problem[]
  /** Of a bad one, where it was asked for: what can be read of it. */
  readonly partial?: PartialTasks | undefined
  /** What is wrong is not the text: it may be right at the next try. */
  readonly again?: boolean | undefined
  /** For the next load: what has not to be read again. */
  readonly known: Known
}

export interface Known {
  readonly stretches: KnownStretches
  readonly unpacked: Unpacked
}

/** What is known before the first load. */
export function nothingKnown(): Known {
  return { stretches: new Map(), unpacked: { shared: new Map(), schedules: new Map() } }
}

/**
 * Reads texts with what is known already: beside the ticks where it takes long, or is to be `apart`
 * in any case. Never throws.
 */
export async function takeTasks(
  host: Host,
  shown: string,
  job: Omit<ParseJob, 'known'>,
  { known = nothingKnown(), apart = false }: { known?: Known; apart?: boolean } = {},
): Promise<Taken> {
  const keys = new Set(known.stretches.keys())
  const beside = { unpacked: known.unpacked, apart }
  const read = await parseBeside(host, shown, { ...job, known: keys }, beside)
  if (!read.ok) {
    const { problems, partial, again } = read
    return { file: undefined, problems, partial, again, known }
  }
  const joined = joinStretches(read.stretches, known.stretches)
  const { tasks, known: stretches } = await inSlices(host.clock, joined)
  return {
    file: { tasks, groups: read.groups },
    problems: read.warnings,
    known: { stretches, unpacked: known.unpacked },
  }
}
