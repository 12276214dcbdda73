import { seedOf } from '../../text/hash.ts'
import { isZone } from '../../schedule/timezone.ts'
import { remembered } from '../../text/cache.ts'
import type { BuiltTask, SharedSettings } from '../built-task.ts'
import { withDefaults } from '../with-defaults.ts'
import { definitionOf, meaningOf } from '../definition.ts'
import { filledIn } from '../defaults.ts'
import type { MergedFile } from './merge.ts'
import type { Path } from './key-path.ts'
import { type KnownSchedules, readSchedules } from './schedules.ts'
import { matchHosts } from '../hosts.ts'
import { checkSettings, type Settings, type TasksFacts } from './settings.ts'
import type { Source } from './source.ts'
import type { Task } from '../task.ts'

/** What tasks before said, for those that say the same. */
export interface Said {
  readonly schedules: KnownSchedules
  readonly settings: Map<string, SaidSettings>
}

interface SaidSettings {
  readonly shared: SharedSettings
  readonly meaning: string
}

export function nothingSaid(): Said {
  return { schedules: new Map(), settings: new Map() }
}

/**
 * Makes the tasks of a file whose parts are right; tells what is wrong with them on the way. `said`:
 * in other parts of the file.
 */
export function buildTasks(
  file: MergedFile,
  facts: TasksFacts,
  said: Said = nothingSaid(),
): BuiltTask[] {
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
    checkAccounts(source, path, settings, facts)
    const zone = settings.timezone ?? file.zone
    const schedules = readSchedules(source, path, schedule, {
      type: settings.type ?? 'common',
      // The zone is told to be unknown; the schedule may be wrong too.
      zone: isZone(zone) ? zone : 'UTC',
      seed: seedOf(name, facts.host),
      known: said.schedules,
    })
    if (settings.type === 'daemon' && settings.max === Infinity) {
      source.tell([...path, 'max'], 'a daemon needs a number: so many are kept running')
    }
    const { shared, meaning } = saidSettings(said, source.file, settings, zone)
    const definition = facts.digest(definitionOf({ command, schedules }, meaning))
    return { name, command, line: source.line(path), definition, schedules, shared }
  })
}

/** Of the defaults as well: they are for tasks of other machines too, which may have other accounts. */
function checkAccounts(source: Source, path: Path, settings: Settings, facts: TasksFacts): void {
  if (settings.user === undefined && settings.group === undefined) return
  if (settings.enabled === false || !matchHosts(settings.hosts, facts.machine)) return
  // That no other user may be at all is told already.
  if (!facts.mayChangeUser) return
  for (const kind of ['user', 'group'] as const) {
    const name = settings[kind]
    if (name === undefined || facts.isAccount(kind, name)) continue
    const hint = 'add it to the machine, or name in `hosts` the machines that have it'
    source.tell([...path, kind], `there is no ${kind} ${JSON.stringify(name)} on this machine`, {
      hint,
    })
  }
}

/** Settings that are kept for tasks that say the same; those of most files are a few dozen. */
const maxSaidSettings = 10_000

function saidSettings(
  { settings: said }: Said,
  file: string,
  settings: Settings,
  zone: string,
): SaidSettings {
  return remembered(said, maxSaidSettings, keyOf([file, zone, settings]), () => {
    const shared = { file, ...filledIn(settings, zone) }
    return { shared, meaning: meaningOf(shared) }
  })
}

/** JSON knows no Infinity: max: unlimited. */
function keyOf(said: unknown): string {
  return JSON.stringify(said, (_, value: unknown) => (value === Infinity ? 'unlimited' : value))
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
