import path from 'node:path'
import type { Host } from '../host/host.ts'
import { quietly } from '../host/system-error.ts'
import { openCacheFolder } from '../scripts/cache-folder.ts'
import { hasScript } from '../scripts/url-records.ts'
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
import { exists } from './probe.ts'

/** The folder with the copies of scripts that are fetched by URL. */
export interface ScriptCacheFacts {
  readonly folder: string
  /** Why torch does not use it; undefined: it does. */
  readonly refusal: string | undefined
  readonly isThere: boolean
  /** This user may write it or, if it is not there, make it. */
  readonly mayWrite: boolean
  /** The tasks here that have a script; empty also without a tasks file. */
  readonly tasks: readonly string[]
}

/** Probes the cache folder. `here`: the tasks that run here, if known. Never throws. */
export function probeScriptCache(
  host: Host,
  folder: string,
  here: readonly Task[] | undefined,
): ScriptCacheFacts {
  const isThere = exists(host, folder)
  return {
    folder,
    refusal: openCacheFolder(host, folder).refusal(),
    isThere,
    mayWrite: host.files.mayWrite(isThere ? folder : nearestFolder(host, folder)),
    tasks: (here ?? []).filter(hasScript).map(({ name }) => name),
  }
}

function nearestFolder(host: Host, folder: string): string {
  const above = path.dirname(folder)
  const isFolder = quietly(() => host.files.facts(above)?.kind === 'directory')
  return above === folder || isFolder ? above : nearestFolder(host, above)
}

const elsewhere = 'choose another folder with --cache or TORCH_CACHE'

export function judgeScriptCache(facts: ScriptCacheFacts): Finding[] {
  return findingsOf({ cache: checkCache(facts) })
}

function checkCache({ folder, refusal, isThere, mayWrite, tasks }: ScriptCacheFacts): CheckResult {
  const bad = (found: string, hint: string): CheckResult =>
    tasks.length === 0
      ? note(`${found}; no task here has a script`, { hint })
      : warning(`${found}; these tasks cannot fetch their script: ${namesOf(tasks)}`, { hint })
  if (refusal !== undefined)
    return bad(refusal, `chown and chmod go-w what it names, or ${elsewhere}`)
  if (!mayWrite)
    return bad(`this user cannot write ${isThere ? folder : `above ${folder}`}`, elsewhere)
  if (!isThere)
    return ok(`${folder} does not exist yet; the first script that is fetched creates it`)
  return ok(`${folder} keeps the scripts that are fetched by URL`)
}
