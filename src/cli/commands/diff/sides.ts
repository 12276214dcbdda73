import { loadRevision } from '../../../daemon/tasks-file/load-revision.ts'
import { loadTasks } from '../../../daemon/tasks-file/load.ts'
import type { Located } from '../../../host/git-commits.ts'
import type { Host } from '../../../host/host.ts'
import type { PartialTasks } from '../../../tasks/file/partial.ts'
import type { Problem } from '../../../tasks/file/problem.ts'
import type { FilePath } from '../../args/option.ts'
import type { End } from './revisions.ts'

/** The tasks file at one end of a comparison, from itself alone. */
export interface Side {
  readonly end: End
  /** A file that is not there is one without tasks. */
  readonly isThere: boolean
  readonly isValid: boolean
  /** What can be read of it; undefined: nothing. */
  readonly tasks: PartialTasks | undefined
  /** Of one that is not valid. */
  readonly problems: readonly Problem[]
}

/** Reads the file at one end. Throws where git fails. */
export async function sideOf(
  host: Host,
  located: Located,
  file: FilePath,
  end: End,
): Promise<Side> {
  const loaded = await load(host, located, file, end)
  if (loaded === undefined)
    return { end, isThere: false, isValid: true, tasks: whole(emptyFile), problems: [] }
  const isValid = loaded.file !== undefined
  return {
    end,
    isThere: true,
    isValid,
    tasks: loaded.file === undefined ? loaded.partial : whole(loaded.file),
    problems: isValid ? [] : loaded.problems,
  }
}

async function load(host: Host, located: Located, { absolute, shown }: FilePath, end: End) {
  if (end.kind === 'commit') {
    const { commit, revision } = end
    return loadRevision(host, located, { commit, revision, tasks: absolute })
  }
  if (host.files.facts(absolute) === undefined) return undefined
  return loadTasks(host, absolute, { shown, alone: true, partly: true })
}

const emptyFile = { tasks: [], groups: {} }

function whole(file: PartialTasks['file']): PartialTasks {
  return { file, unreadable: [], unreadableGroups: [] }
}
