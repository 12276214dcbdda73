import { seedOf } from '../schedule/hash.ts'
import { isZone } from '../schedule/zone.ts'
import { withDefaults } from './defaults.ts'
import { definitionOf } from './definition.ts'
import { filledIn } from './filled-in.ts'
import type { MergedFile } from './merge-files.ts'
import type { Path } from './path.ts'
import { type KnownSchedules, readSchedules } from './read-schedules.ts'
import { checkSettings, type TasksFacts } from './settings.ts'
import type { Source } from './source.ts'
import type { Task } from './task.ts'

/**
 * Makes the tasks of a file whose parts are right; tells what is wrong with them on the way. `known`:
 * the schedules of other parts of the file.
 */
export function buildTasks(
  file: MergedFile,
  facts: TasksFacts,
  known: KnownSchedules = new Map(),
): Task[] {
  return file.tasks.map(({ source, name, input }) => {
    const path = ['tasks', name]
    const { schedule, command = '', ...own } = input
    const checked = checkSettings(source, path, own, {
      facts,
      groups: file.groups,
      hosts: file.defaults.hosts,
    })
    const settings = withDefaults(file.defaults, checked)
    tellMeaningless(source, path, settings.type)
    const zone = settings.timezone ?? file.zone
    const schedules = readSchedules(source, path, schedule, {
      type: settings.type ?? 'common',
      // The zone is told to be unknown; the schedule may be wrong too.
      zone: isZone(zone) ? zone : 'UTC',
      seed: seedOf(name, facts.host),
      known,
    })
    if (settings.type === 'daemon' && settings.max === Infinity) {
      source.tell([...path, 'max'], 'a daemon needs a number: so many are kept running')
    }
    const place = { file: source.file, line: source.line(path) }
    const task = { name, command, schedules, ...place, ...filledIn(settings, zone) }
    return { ...task, definition: facts.digest(definitionOf(task)) }
  })
}

/** Only of what the task itself says: defaults are for all types. */
function tellMeaningless(source: Source, path: Path, type: Task['type'] = 'common'): void {
  const keys = type === 'daemon' ? ['overlap', 'catchup', 'catchup_window', 'retry'] : ['restart']
  for (const key of keys) {
    const message = `has no meaning for a task of type ${type}`
    if (source.has([...path, key])) {
      source.tell([...path, key], message, { severity: 'warning' })
    }
  }
}
