import { seedOf } from '../schedule/hash.ts'
import { parseSchedule } from '../schedule/parse.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { isZone } from '../schedule/zone.ts'
import { withDefaults } from './defaults.ts'
import { definitionOf } from './definition.ts'
import type { MergedFile } from './merge-files.ts'
import type { Path } from './path.ts'
import { isMisspelt } from './shape.ts'
import { checkSettings, type Settings, type TasksFacts } from './settings.ts'
import type { Source } from './source.ts'
import type { Limits, Task } from './task.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Makes the tasks of a file whose parts are right; tells what is wrong with them on the way. */
export function buildTasks(file: MergedFile, facts: TasksFacts): Task[] {
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
    })
    if (settings.type === 'daemon' && settings.max === Infinity) {
      source.tell([...path, 'max'], 'a daemon needs a number: so many are kept running')
    }
    const place = { file: source.file, line: source.line(path) }
    const task = { name, command, schedules, ...place, ...filledIn(settings, zone) }
    return { ...task, definition: definitionOf(task) }
  })
}

/** The settings with torch's own defaults where nothing is said. */
function filledIn(settings: Settings, timezone: string) {
  const { retry = {}, restart = {}, output = {} } = settings
  return {
    type: settings.type ?? 'common',
    hosts: settings.hosts,
    hostEntries: settings.hostEntries,
    max: settings.max ?? 1,
    overlap: settings.overlap ?? 'skip',
    timezone,
    jitterMs: settings.jitter ?? 0,
    catchup: settings.catchup ?? 'off',
    catchupWindowMs: settings.catchup_window ?? hour,
    timeoutMs: settings.timeout,
    killAfterMs: settings.kill_after ?? 10 * second,
    retry: {
      attempts: retry.attempts ?? 0,
      delayMs: retry.delay ?? second,
      backoff: retry.backoff ?? 2,
      maxDelayMs: retry.max_delay ?? 5 * minute,
    },
    restart: {
      delayMs: restart.delay ?? second,
      maxDelayMs: restart.max_delay ?? minute,
      resetAfterMs: restart.reset_after ?? minute,
    },
    successCodes: settings.success_codes ?? [0],
    shell: settings.shell ?? '/bin/sh',
    cwd: settings.cwd,
    umask: settings.umask ?? 0o022,
    nice: settings.nice ?? 0,
    limits: limitsOf(settings),
    user: settings.user,
    group: settings.group,
    env: settings.env ?? {},
    envFile: settings.env_file,
    output: {
      keepRuns: output.keep_runs ?? 20,
      keepForMs: output.keep_for ?? 7 * day,
      maxSizeBytes: output.max_size ?? 10_000_000,
    },
    description: settings.description,
    labels: settings.labels ?? {},
    enabled: settings.enabled ?? true,
  } as const
}

/** What a task is that says nothing. */
export const withoutSettings = filledIn({}, 'UTC')

function limitsOf({ limits = {} }: Settings): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
}

interface ScheduleOptions {
  readonly type: Task['type']
  readonly zone: string
  readonly seed: string
}

function readSchedules(
  source: Source,
  around: Path,
  written: string | readonly string[] | undefined,
  { type, zone, seed }: ScheduleOptions,
): Schedule[] {
  const path = [...around, 'schedule']
  const there = source.has(path)
  if (type === 'daemon') {
    const message = 'not allowed for a daemon, which is kept running always'
    if (there) source.tell(path, message)
    return []
  }
  if (!there && !isMisspelt(source, path)) {
    source.tell(path, 'expected a schedule; got nothing', { hint: 'only a daemon has none' })
  }
  const texts = typeof written === 'string' ? [written] : (written ?? [])
  return texts.flatMap((text, at): Schedule[] => {
    const place = typeof written === 'string' ? path : [...path, at]
    const parsed = parseSchedule(text, { zone, seed })
    if (!parsed.ok) {
      source.tell(place, parsed.message, { hint: parsed.hint })
      return []
    }
    if (parsed.neverFires) {
      source.tell(place, `${JSON.stringify(text)} never fires`, { severity: 'warning' })
    }
    return [parsed.schedule]
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
