import type { Protocol } from '../../../control/protocol.ts'
import { chosenScripts, reportOf, updateAll } from '../../../daemon/control/scripts-answer.ts'
import { runsHere } from '../../../daemon/tasks-file/tasks-state.ts'
import { messageOf } from '../../../errors.ts'
import { readTraces, runDirectory } from '../../../run/directory.ts'
import { defaultCacheFolder, openCacheFolder } from '../../../scripts/cache-folder.ts'
import { cleanCache } from '../../../scripts/cleaning.ts'
import { newScripts, type Scripts } from '../../../scripts/scripts.ts'
import { hasScript, newUrlRecords, recordKey } from '../../../scripts/url-records.ts'
import type { Task } from '../../../tasks/task.ts'
import { factsHere } from '../../args/host-facts.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { liveRuns } from '../../../follow/kept-runs.ts'
import { offlineTasksPath, readTasks } from '../../daemon/tasks-file.ts'

/** Does what the daemon would do with this request. */
export async function scriptsHere(
  call: Call,
  values: Values,
  request: Protocol['scripts']['request'],
): Promise<Protocol['scripts']['reply']> {
  const { file } = await readTasks(call, offlineTasksPath(call, values))
  const facts = factsHere(call, values)
  const here = file.tasks.filter((task) => runsHere(task, facts))
  const scripts = openScripts(call, values)
  const chosen = chosenScripts(
    request.tasks,
    file.tasks,
    new Map(here.map((task) => [task.name, task])),
  )
  if (request.update) await updateAll(scripts, chosen)
  const removed = request.clean ? clean(call, scripts, file.tasks) : []
  return { scripts: chosen.map((task) => reportOf(scripts, task)), removed }
}

/** The scripts of this machine, for a command that runs without a daemon. */
export function openScripts({ host, terminal }: Call, { cache }: Pick<Values, 'cache'>): Scripts {
  const folder = cache?.absolute ?? defaultCacheFolder(host)
  let isTold = false
  return newScripts({
    ...{ host, hostName: host.network.name() },
    ...{ cache: openCacheFolder(host, folder), records: newUrlRecords(host, folder) },
    tell() {},
    onDisk(_subject, act) {
      try {
        return act()
      } catch (error) {
        if (!isTold)
          terminal.note(`torch: could not keep scripts in ${folder}: ${messageOf(error)}`)
        isTold = true
        throw error
      }
    },
  })
}

function clean(
  { host, paths }: Call,
  { cache, records }: Scripts,
  tasks: readonly Task[],
): string[] {
  const own = tasks.filter(hasScript)
  const running = [...liveRuns(host, paths.home)].flatMap(([task, runs]) =>
    runs.flatMap((run) => {
      const { description } = readTraces(host, runDirectory(paths.home, task, run))
      return description?.script?.sha256 ?? []
    }),
  )
  const sums = new Set([...running, ...own.flatMap(({ script }) => script.sha256 ?? [])])
  const wanted = { keys: new Set(own.map(recordKey)), sums }
  return cleanCache({ clock: host.clock, cache, records }, wanted, true)
}
