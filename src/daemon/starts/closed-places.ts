import type { TaskStatus } from '../../control/status-report.ts'
import type { Host } from '../../host/host.ts'
import type { Faults } from '../../run/faults.ts'
import type { Task } from '../../tasks/task.ts'
import { formatDuration } from '../../text/duration.ts'
import { counted } from '../../text/plural.ts'
import type { HomePaths } from '../settings.ts'

/** A place of a daemon task in which nothing starts again until its definition changes, or somebody resumes the task. */
export interface ClosedPlace {
  /** The last run in it. */
  readonly run: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** `ended`: as `restart.on` says. `limit`: it was started too often, so it is given up. */
  readonly why: 'ended' | 'limit'
  /** Of the task at that time. */
  readonly definition: string
}

/** The closed places of all daemon tasks, which are in closed-places.json. */
export interface ClosedPlaces {
  of(task: Pick<Task, 'name' | 'definition'>): readonly ClosedPlace[]
  /** How many of them are closed for this reason. */
  count(task: Pick<Task, 'name' | 'definition'>, why: ClosedPlace['why']): number
  /** It is on disk when this returns: the end of its run is not yet on record. */
  close(task: string, place: ClosedPlace): void
  /** Opens the places of other definitions; undefined: of all. */
  keepOnly(task: string, definition: string | undefined): void
  /** Opens all places of these tasks, and returns which had any. */
  open(tasks: readonly string[]): string[]
  /** The tasks that have any. */
  tasks(): string[]
}

interface Parts {
  readonly host: Host
  readonly paths: HomePaths
  readonly faults: Faults
}

/** The places that an earlier daemon closed. */
export function newClosedPlaces({ host, paths, faults }: Parts): ClosedPlaces {
  const closed = readClosedPlaces(host, paths)
  const save = (): void =>
    void faults.attempt('write closed-places.json', () => writeClosedPlaces(host, paths, closed))
  const of: ClosedPlaces['of'] = ({ name, definition }) =>
    (closed.get(name) ?? []).filter((place) => place.definition === definition)
  return {
    of,
    count: (task, why) => of(task).filter((place) => place.why === why).length,
    close(task, place) {
      const others = (closed.get(task) ?? []).filter(
        ({ run, definition }) => run !== place.run && definition === place.definition,
      )
      closed.set(task, [...others, place])
      save()
    },
    keepOnly(task, definition) {
      const before = closed.get(task) ?? []
      const kept = before.filter((place) => place.definition === definition)
      if (kept.length === before.length) return
      if (kept.length === 0) closed.delete(task)
      else closed.set(task, kept)
      save()
    },
    open(tasks) {
      const opened = tasks.filter((task) => closed.delete(task))
      if (opened.length > 0) save()
      return opened
    },
    tasks: () => [...closed.keys()],
  }
}

/** By task; none if the file is missing or damaged: then the places start once more. */
export function readClosedPlaces({ files }: Host, paths: HomePaths): Map<string, ClosedPlace[]> {
  try {
    const written = JSON.parse(files.readText(paths.closedPlaces) ?? '{}') as object
    const entries = Object.entries(written).map(([task, places]): [string, ClosedPlace[]] => [
      task,
      Array.isArray(places) ? places.filter(isPlace) : [],
    ])
    return new Map(entries.filter(([, places]) => places.length > 0))
  } catch {
    return new Map()
  }
}

function isPlace(value: unknown): value is ClosedPlace {
  if (typeof value !== 'object' || value === null) return false
  const { run, atMs, why, definition } = value as Partial<Record<keyof ClosedPlace, unknown>>
  const isText = typeof run === 'string' && typeof definition === 'string'
  return isText && Number.isSafeInteger(atMs) && (why === 'ended' || why === 'limit')
}

/** Throws. */
export function writeClosedPlaces(
  { files }: Host,
  paths: HomePaths,
  closed: ReadonlyMap<string, readonly ClosedPlace[]>,
): void {
  if (closed.size === 0) files.remove(paths.closedPlaces)
  else files.replace(paths.closedPlaces, `${JSON.stringify(Object.fromEntries(closed))}\n`)
}

/** Why a place of a task is given up, and what helps: `given up after 5 starts within 10m; torch resume consumer ...`. */
export function gaveUpWords({ name, restart: { limit } }: Pick<Task, 'name' | 'restart'>): string {
  const why =
    limit === undefined
      ? ''
      : ` after ${counted(limit.starts, 'start')} within ${formatDuration(limit.withinMs)}`
  return `given up${why}; torch resume ${name} starts it again`
}

/** The closed places of a task in its status; undefined: it has none. */
export function closedPart(places: readonly ClosedPlace[]): TaskStatus['closed'] {
  const givenUp = places.filter(({ why }) => why === 'limit').length
  const firstMs = Math.min(...places.map(({ atMs }) => atMs))
  if (places.length === 0) return undefined
  return { ended: places.length - givenUp, givenUp, since: new Date(firstMs).toISOString() }
}
