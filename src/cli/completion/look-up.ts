import path from 'node:path'
import { gitNames } from '../../host/git.ts'
import type { Host } from '../../host/host.ts'
import { activeFolder, isRunId } from '../../run/directory.ts'
import { zoneNames } from '../../schedule/timezone.ts'
import { chosenHome, optionSources } from '../args/precedence.ts'
import { resolveOptions } from '../args/precedence.ts'
import type { Before } from './before.ts'
import type { Candidate, LookUp } from './offer.ts'
import { fileThere, hostsThere, labelsThere, type Surroundings, tasksThere } from './tasks-there.ts'

/** Of tasks with more runs the newest are offered. */
const maxRuns = 100
/** Branches and tags: the ones last committed to. */
const maxRevisions = 200

/** Looks for what there is on this machine, in the home and the tasks file that the line is about. */
export function lookUpHere(host: Host): LookUp {
  return async (thing, before) => {
    switch (thing) {
      case 'task':
        return tasksThere(await surroundings(host, before))
      case 'label':
        return labelsThere(await surroundings(host, before))
      case 'host':
        return hostsThere(await surroundings(host, before))
      case 'run':
        return named(runsOf(await surroundings(host, before), before.words))
      case 'revision':
        return named(await revisionsOf(await surroundings(host, before)))
      case 'zone':
        return named(zoneNames())
      default:
        return []
    }
  }
}

async function surroundings(host: Host, { raw }: Before): Promise<Surroundings> {
  const { values, from } = resolveOptions(['home', 'tasks'], await optionSources(host, raw, ''), '')
  return { host, paths: chosenHome(host, values), values, from }
}

function named(values: readonly string[]): Candidate[] {
  return values.map((value) => ({ value, description: '' }))
}

/** The kept runs of the tasks on the line; without one what runs now, as for `torch kill`. */
function runsOf({ host, paths }: Surroundings, tasks: readonly string[]): string[] {
  const folders = tasks.map((task) => path.join(paths.runs, task))
  const looked = folders.length === 0 ? [activeFolder(paths.home)] : folders
  const found = looked.flatMap((folder) => host.files.list(folder).filter(isRunId))
  return found.toSorted().slice(-maxRuns)
}

async function revisionsOf(around: Surroundings): Promise<string[]> {
  const { absolute } = await fileThere(around)
  return ['HEAD', ...(await gitNames(around.host, absolute, maxRevisions))]
}
