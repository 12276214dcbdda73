import type { Host } from '../../host/host.ts'
import type { Log } from '../../record/log.ts'
import type { Faults } from '../../run/faults.ts'
import { defaultCacheFolder, openCacheFolder } from '../../scripts/cache-folder.ts'
import { cleanCache } from '../../scripts/cleaning.ts'
import { newScripts, type Scripts } from '../../scripts/scripts.ts'
import { hasScript, newUrlRecords, recordKey, type ScriptTask } from '../../scripts/url-records.ts'
import type { Settings } from '../settings.ts'
import type { TasksState } from '../tasks-file/tasks-state.ts'
import type { RunTable } from './run-table.ts'

interface ScriptParts {
  readonly host: Host
  readonly settings: Settings
  readonly hostName: string
  readonly log: Log
  readonly faults: Faults
}

/** The scripts of a daemon: what comes of a look is logged, what the disk refuses is trouble. */
export function openDaemonScripts({ host, settings, hostName, log, faults }: ScriptParts): Scripts {
  const folder = settings.cache ?? defaultCacheFolder(host)
  const cache = openCacheFolder(host, folder)
  faults.attempt('remove what is left of downloads', () => {
    if (cache.refusal() === undefined) cache.removeLeftovers()
  })
  return newScripts({
    ...{ host, hostName, cache, records: newUrlRecords(host, folder) },
    tell(facts, words, isFailure) {
      if (isFailure) log.warn('script', facts, words)
      else log.info('script', facts, words)
    },
    onDisk(subject, act) {
      let failure: { readonly error: unknown } | undefined
      let result: ReturnType<typeof act> | undefined
      const tryIt = (): void => {
        try {
          result = act()
        } catch (error) {
          failure = { error }
          throw error
        }
      }
      faults.attempt('keep scripts in the cache folder', tryIt, subject)
      if (failure !== undefined) throw failure.error
      return result as ReturnType<typeof act>
    },
  })
}

interface FollowParts {
  readonly scripts: Scripts
  readonly tasks: TasksState
}

/** Called whenever the tasks of this host change: their scripts are fetched in the background. */
export function followScripts({ scripts, tasks }: FollowParts): void {
  scripts.follow(scriptTasks(tasks))
}

/** The tasks of this host that have a script. */
function scriptTasks({ here }: TasksState): ScriptTask[] {
  return [...here.values()].filter(hasScript)
}

interface CleanParts extends FollowParts {
  readonly host: Host
  readonly runs: RunTable
  readonly faults: Faults
}

/** Removes copies that nobody uses. Returns their sums. See cleanCache(). */
export function cleanScripts(
  { host, scripts, tasks, runs, faults }: CleanParts,
  atOnce = false,
): readonly string[] {
  const { cache, records } = scripts
  const wanted = {
    keys: new Set(scriptTasks(tasks).map(recordKey)),
    sums: new Set([
      ...runs.all().flatMap(({ description }) => description.script?.sha256 ?? []),
      ...scriptTasks(tasks).flatMap(({ script }) => script.sha256 ?? []),
    ]),
  }
  let removed: readonly string[] = []
  faults.attempt('clean the cache folder of scripts', () => {
    removed = cleanCache({ clock: host.clock, cache, records }, wanted, atOnce)
  })
  return removed
}
