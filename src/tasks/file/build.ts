import { mistakesOf } from '../../schedule/field.ts'
import { parseSchedule } from '../../schedule/parse.ts'
import type { Limits } from '../../schedule/limits.ts'
import type { Schedule } from '../../schedule/schedule.ts'
import { isInIntl } from '../../schedule/zone-names.ts'
import { seedOf } from '../../text/hash.ts'
import { fleetOf, readyOf, withBuiltInDefaults, withFileDefaults } from '../defaults.ts'
import { definitionOf } from '../definition.ts'
import { isHashedText } from '../host-schedules.ts'
import { matchHosts } from '../hosts.ts'
import type { Task } from '../task.ts'
import { checkAfter, readAfter } from './after.ts'
import { checkAgain } from './again-checks.ts'
import { checkLength } from './argument-length.ts'
import { expected } from './expected.ts'
import { checkScope } from './fleet-checks.ts'
import { fleetDefinition, type WrittenTask } from './fleet-definition.ts'
import type { KeyPath } from './key-path.ts'
import { checkListen, checkSharedAddresses, type PlacedTask } from './listen-checks.ts'
import type { MergedFile, UnclearKey } from './merge.ts'
import { warnAboutNotify } from './notify-checks.ts'
import { poolsOf } from './pools.ts'
import { readScript, warnAboutHeaders, warnAboutScriptVariable } from './script.ts'
import { checkEnvFile, checkSettings, type Settings, type TasksFacts } from './settings.ts'
import { checkLeftSlots, limited, newLimitReader, warnAboutPast } from './slot-limits.ts'
import type { Source } from './source.ts'
import { readPing } from './targets.ts'
import { checkType, type TypeRead } from './type-checks.ts'
import { isGiven, isMisspelt } from './validate.ts'

/** Builds the tasks of a merged file, and reports what is wrong with them. */
export function buildTasks(file: MergedFile, facts: TasksFacts): Task[] {
  const compile = newCompiler()
  const limitsOf = newLimitReader(file.calendars, facts.digest)
  const placed = file.tasks.map(({ source, name, input }): PlacedTask => {
    const path = ['tasks', name]
    const { schedule, after: _, command, script: from, listen: addresses, ...others } = input
    const { ping: called, ...own } = others
    const checked = checkSettings(source, path, own, {
      facts,
      groups: file.groups,
      targets: file.targets,
      calendars: file.calendars,
      pools: file.pools,
      defaultHosts: file.defaults.hosts,
      defaultUser: file.defaults.user,
    })
    const settings = withFileDefaults(file.defaults, checked)
    const isUnclear = (key: UnclearKey): boolean =>
      own[key] === undefined && isWronglyGiven(file, source, path, key)
    const type = isUnclear('type') ? 'unclear' : (settings.type ?? 'common')
    const scope = isUnclear('scope') ? 'unclear' : (settings.scope ?? 'host')
    const isAfter = isGiven(source, [...path, 'after'])
    const isTimed = type === 'common' && !isAfter
    checkType(source, path, type, settings, isAfter)
    checkAgain(source, path, type, settings)
    const { isZoneGiven } = file
    checkScope(source, path, { type, scope, own: input, checked, settings, isZoneGiven })
    warnAboutNotify(source, path, type, { own: checked.notify, settings: settings.notify })
    const isHere = settings.enabled !== false && matchHosts(settings.hosts, facts.machine)
    if (isHere) {
      checkAccounts(source, path, settings, facts)
      checkInherited(source, path, { own, settings }, facts)
    }
    checkCommand(source, path)
    const script = readScript(source, path, from, { ...file, folder: facts.folder })
    if (isHere) warnAboutHeaders(source, path, script, facts)
    warnAboutScriptVariable(source, path, { command, script })
    const listen = type === 'daemon' ? (addresses ?? noAddresses) : noAddresses
    checkLength(source, path, { command, env: settings.env, isHere }, facts.bounds)
    const timezone = settings.timezone ?? file.zone
    // An unknown zone is already reported. The schedule may be wrong too.
    const zone = isInIntl(timezone) ? timezone : 'UTC'
    const within = isTimed ? limitsOf(settings, zone) : undefined
    if (isTimed) checkLeftSlots(source, path, { own: checked, settings, within })
    const schedules = readSchedules(source, path, schedule, {
      ...{ type, zone, compile, limits: within?.limits },
      seed: seedOf(name, scope === 'fleet' ? undefined : facts.host),
    })
    warnAboutPast(source, path, { texts: schedule, schedules }, facts.now)
    const when = within?.when
    const rest = withBuiltInDefaults(settings, timezone)
    const ready = type === 'daemon' ? readyOf(settings.ready, listen) : undefined
    const ping = readPing(source, path, called, facts.folder)
    const after = readAfter(source, path, { type, scope, own: input })
    const pools = poolsOf(source, path, { type, settings, pools: file.pools })
    const fleet =
      scope === 'fleet'
        ? readFleet({ schedule, command, script, settings, timezone, when, pools }, file, facts)
        : undefined
    const all = {
      command,
      script,
      listen,
      ready,
      ping,
      fleet,
      when,
      pools,
      after,
      schedules,
      ...rest,
    }
    const definition = facts.digest(definitionOf(all))
    // The same order of keys in every task keeps them small in V8.
    const task = { name, line: source.line(path), definition, file: source.file, ...all }
    checkListen({ source, path, task }, isHere ? facts.whyNoListen : undefined)
    return { source, path, task }
  })
  checkSharedAddresses(placed)
  checkAfter(
    placed,
    file.tasks.map(({ name }) => name),
  )
  return placed.map(({ task }) => task)
}

/** Shared, as the other defaults that are objects. */
const noAddresses: Task['listen'] = []

function checkCommand(source: Source, path: KeyPath): void {
  const isThere = (['command', 'script'] as const).some((key) => isGiven(source, [...path, key]))
  if (isThere) return
  source.report([...path, 'command'], `expected ${expected.command}; got nothing`, {
    hint: null,
  })
}

/** The env_file of the defaults was read as the user of the defaults. A task with its own user reads it too. */
function checkInherited(
  source: Source,
  path: KeyPath,
  {
    own,
    settings,
  }: { readonly own: { user?: unknown; env_file?: unknown }; readonly settings: Settings },
  facts: TasksFacts,
): void {
  const { env_file: file, user } = settings
  if (file === undefined || own.env_file !== undefined || own.user === undefined) return
  checkEnvFile(source, [...path, 'user'], { file, user }, facts)
}

/**
 * A user or group must exist on the machines that run the task. One from the defaults is also checked
 * here, for each task that inherits it, because these tasks may run on other machines.
 */
function checkAccounts(source: Source, path: KeyPath, settings: Settings, facts: TasksFacts): void {
  // If no other user is allowed, that is already reported.
  if (!facts.mayChangeUser) return
  for (const kind of ['user', 'group'] as const) {
    const name = settings[kind]
    if (name === undefined || facts.isAccount(kind, name)) continue
    source.report([...path, kind], `there is no ${kind} ${JSON.stringify(name)} on this machine`, {
      hint: 'add it to the machine, or limit `hosts` to the machines that have it',
    })
  }
}

/** Whether a key is written, but wrong. It is reported, and what depends on it is not judged. */
function isWronglyGiven(file: MergedFile, source: Source, path: KeyPath, key: UnclearKey): boolean {
  if (file.unclear[key] || source.errors.length === 0) return file.unclear[key]
  return isGiven(source, [...path, key])
}

function readFleet(
  { timezone, ...task }: Omit<WrittenTask, 'groups'>,
  { isZoneGiven, groupEntries: groups }: MergedFile,
  { sha256 }: TasksFacts,
): Task['fleet'] {
  const { settings } = task
  // The zone of the machine is not written anywhere.
  const written = isZoneGiven ? timezone : settings.timezone
  const definition = fleetDefinition({ ...task, timezone: written, groups }, sha256)
  return { ...fleetOf(settings, settings.type ?? 'common'), definition }
}

interface ScheduleOptions {
  readonly type: TypeRead
  readonly zone: string
  readonly seed: string
  readonly compile: Compile
  readonly limits: Limits | undefined
}

/** Compiles the `schedule` of the task at a path, and reports what is wrong with it. */
function readSchedules(
  source: Source,
  taskPath: KeyPath,
  written: string | readonly string[] | undefined,
  options: ScheduleOptions,
): readonly Schedule[] {
  const path = [...taskPath, 'schedule']
  const isWritten = source.has(path)
  if (options.type === 'daemon') {
    const message = 'not allowed for a daemon task: torch keeps it running all the time'
    if (isWritten) source.report(path, message)
    return []
  }
  if (options.type === 'manual') {
    const message =
      'not allowed for a manual task: only torch run, the library or a message starts it'
    const hint = 'remove it, or write type: common for a task that also has a schedule'
    if (isWritten) source.report(path, message, { hint })
    return []
  }
  const isAfter = isGiven(source, [...taskPath, 'after'])
  if (!isWritten && !isAfter && options.type === 'common' && !isMisspelt(source, path)) {
    source.report(path, 'expected a schedule; got nothing', {
      hint: 'only tasks with after, and those of type daemon and manual, have no schedule',
    })
  }
  if (typeof written === 'string') return readSchedule(source, path, written, options)
  return (written ?? []).flatMap((text, at) => readSchedule(source, [...path, at], text, options))
}

/** A list of one schedule, or of none if it is wrong. */
function readSchedule(
  source: Source,
  path: KeyPath,
  text: string,
  { zone, seed, compile, limits }: ScheduleOptions,
): readonly Schedule[] {
  const { parsed, list } = compile(text, zone, seed)
  if (!parsed.ok) {
    for (const { message, hint } of mistakesOf(parsed)) source.report(path, message, { hint })
  } else if (parsed.neverFires) {
    source.report(path, `${JSON.stringify(text)} never fires`, { severity: 'warning' })
  }
  if (!parsed.ok || limits === undefined) return list
  const within = limited(source, path, parsed, limits)
  return within === undefined ? [] : [within]
}

interface Compiled {
  readonly parsed: ReturnType<typeof parseSchedule>
  readonly list: readonly Schedule[]
}

type Compile = (text: string, zone: string, seed: string) => Compiled

/** Compiles each schedule of a file once: most tasks have a schedule that others have too. */
function newCompiler(): Compile {
  const compiled = new Map<string, Compiled>()
  return (text, zone, seed) => {
    // An H has a different value in each task.
    const key = JSON.stringify([text, zone, isHashedText(text) ? seed : ''])
    const known = compiled.get(key)
    if (known !== undefined) return known
    const parsed = parseSchedule(text, { zone, seed })
    const made = { parsed, list: parsed.ok ? [parsed.schedule] : [] }
    compiled.set(key, made)
    return made
  }
}
