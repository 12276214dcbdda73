import { createHash } from 'node:crypto'
import type { Host } from '../../host/host.ts'
import type { Log } from '../../record/log.ts'
import type { Faults } from '../../run/faults.ts'
import { endRun } from '../../run/end.ts'
import type { Miss } from '../../plan/tick.ts'
import type { RunContext } from '../../run/live-run.ts'
import type { Phase } from '../phase.ts'
import { isFleetTask, type Task } from '../../tasks/task.ts'
import type { HomePaths } from '../settings.ts'
import type { RunTable } from '../starts/run-table.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import { commitTime } from '../tasks-file/revision.ts'
import { type EngineConnection, type Fleet, isIn, openFleet } from './fleet.ts'

interface JoinParts {
  readonly connection: EngineConnection
  readonly version: string
  readonly log: Log
  /** The tasks file, as it was asked for. */
  readonly tasksPath: string
  readonly host: Host
  readonly paths: HomePaths
  readonly hostName: string
  readonly faults: Faults
  readonly phase: Phase
  readonly tasks: TasksState
  readonly runs: RunTable
  readonly runContext: RunContext
  readonly onMissed: (misses: readonly Miss[]) => void
  /** Brings a task to the number of instances that its places allow. */
  readonly keepInstances: (task: string) => void
}

/** Joins the fleet with what this daemon knows: a run whose place is lost ends. */
export function joinFleet(parts: JoinParts): Fleet {
  const { connection, host, paths, hostName, faults, phase, tasks, runs, runContext } = parts
  let known: { readonly all: TasksState['all']; readonly hash: string } | undefined
  const hashNow = (): string => {
    if (known?.all !== tasks.all) known = { all: tasks.all, hash: hashOf(tasks.all.values()) }
    return known.hash
  }
  let committed: { readonly revision: string | null; ms: number | null } | undefined
  const committedMs = (): number | null => {
    const { revision } = tasks.loaded
    if (committed?.revision === revision) return committed.ms
    const entry: { revision: string | null; ms: number | null } = { revision, ms: null }
    committed = entry
    void commitTime(host, parts.tasksPath, revision).then((ms) => (entry.ms = ms))
    return null
  }
  return openFleet({
    ...{ connection, host, hostName, faults, home: paths.home, log: parts.log },
    about: () => ({
      facts: tasks.facts,
      torch: parts.version,
      tz: process.versions['tz'] ?? '',
      file: { revision: tasks.loaded.revision, committedMs: committedMs(), hash: hashNow() },
      running: runs.all().length,
      isDraining: phase.now !== 'running',
    }),
    tasks: () => tasks.all,
    runs: () => runs.all(),
    onBack: ({ key }) => parts.keepInstances(key.task),
    onMissed: parts.onMissed,
    onLost(held) {
      for (const run of runs.all()) if (isIn(run, held)) endRun(runContext, run, 'place lost')
    },
    onAsk(held, ask) {
      for (const run of runs.all()) if (isIn(run, held)) endRun(runContext, run, ask)
    },
  })
}

/** One digest for all that the fleet shares: equal on two machines whose files say the same of it. */
function hashOf(tasks: Iterable<Task>): string {
  const shared = [...tasks].filter(isFleetTask)
  const definitions = shared.map(({ name, fleet }) => `${name} ${fleet.definition}`)
  return createHash('sha256').update(definitions.toSorted().join('\n')).digest('hex')
}
