import { parseDuration } from '../../text/duration.ts'
import { unorderedRule } from '../definition.ts'
import { anyMachine, type HostRule, shareOf } from '../hosts.ts'
import type { Task } from '../task.ts'
import type { KeyPath } from './key-path.ts'
import type { PlacedTask } from './listen-checks.ts'
import type { TaskInput } from './schema.ts'
import type { Source } from './source.ts'
import type { TypeRead } from './type-checks.ts'

/** What a task starts after; undefined, and reported, for a task that cannot have it. */
export function readAfter(
  source: Source,
  path: KeyPath,
  task: { readonly type: TypeRead; readonly scope: string; readonly own: TaskInput },
): Task['after'] {
  const { after } = task.own
  const place = [...path, 'after']
  if (!source.has(place)) return undefined
  const why = whyNotAllowed(source, path, task)
  if (why !== undefined) source.report(place, why.message, { hint: why.hint })
  if (why !== undefined || after === undefined) return undefined
  return { tasks: [...new Set(after.tasks)], outcome: after.outcome ?? 'ok' }
}

function whyNotAllowed(
  source: Source,
  path: KeyPath,
  {
    type,
    scope,
    own,
  }: { readonly type: TypeRead; readonly scope: string; readonly own: TaskInput },
): { readonly message: string; readonly hint: string } | undefined {
  if (type === 'daemon' || type === 'manual') {
    const why =
      type === 'daemon'
        ? 'torch keeps it running all the time'
        : 'only people and messages start it'
    const message = `not allowed for a ${type} task: ${why}`
    const [name = ''] = own.after?.tasks ?? []
    // A daemon task has another key of this name.
    const isReady = type === 'daemon' && parseDuration(name).ok
    const hint = isReady ? 'write it within ready' : 'remove it, or write type: common'
    return { message, hint }
  }
  if (scope === 'fleet')
    return {
      message:
        'not allowed with scope: fleet: the machines share the slots of a schedule, and a task that starts after others has none',
      hint: 'write scope: host: it starts on the machine on which the other task has ended',
    }
  if (!source.has([...path, 'schedule'])) return undefined
  return { message: 'expected either schedule or after; got both', hint: 'remove one of them' }
}

/** Reports tasks that others start after and that are not there, never end, or make a circle. */
export function checkAfter(placed: readonly PlacedTask[], names: readonly string[]): void {
  const followers = placed.filter(({ task }) => task.after !== undefined)
  if (followers.length === 0) return
  const known = new Set(names)
  const tasks = new Map(placed.map(({ task }) => [task.name, task]))
  for (const each of followers) {
    for (const name of each.task.after?.tasks ?? []) {
      const first = tasks.get(name)
      if (first !== undefined) checkOne(each, first)
      else if (!known.has(name)) {
        const hint = listHint(name) ?? each.source.guess(name, names) ?? otherwise
        report(each, name, `there is no task ${JSON.stringify(name)}`, { hint })
      }
    }
  }
  reportCircles(followers)
}

const otherwise = 'write the name of a task of this file'

/** For several names in one text, as in `after: a, b`. */
function listHint(name: string): string | undefined {
  const names = name.split(/[\s,]+/).filter((each) => each !== '')
  return names.length > 1 ? `for several tasks write a list: [${names.join(', ')}]` : undefined
}

function report(
  { source, path, task }: PlacedTask,
  name: string,
  message: string,
  options: Parameters<Source['report']>[2],
): void {
  source.report(placeOf(source, path, task, name), message, options)
}

/** Where a task names another one: in text, in a list, or in a map with either. */
function placeOf(source: Source, path: KeyPath, { after }: Task, name: string): KeyPath {
  const whole = [...path, 'after']
  const names = source.has([...whole, 'tasks']) ? [...whole, 'tasks'] : whole
  const entry = [...names, after?.tasks.indexOf(name) ?? 0]
  return source.has(entry) ? entry : names
}

function checkOne(each: PlacedTask, first: Task): void {
  const { name } = first
  const { after, hosts } = each.task
  if (first.type === 'daemon') {
    const message = `${name} is a daemon task: torch keeps it running, so it has no end to wait for`
    return report(each, name, message, { hint: 'name a task of another type' })
  }
  if (first.fleet !== undefined && after !== undefined && after.tasks.length > 1) {
    const message = `${name} has scope: fleet: each of its runs may be on another machine than those of the other tasks`
    return report(each, name, message, {
      hint: `start after ${name} alone, or give it scope: host`,
    })
  }
  const message = whyNotEverywhere(first, hosts)
  if (message !== undefined && each.task.enabled)
    report(each, name, message, { severity: 'warning', hint: null })
}

/** Why a machine of a task with these hosts may never see the other task end. */
function whyNotEverywhere(
  { name, enabled, hosts, fleet }: Task,
  own: HostRule | undefined,
): string | undefined {
  if (!enabled) return `${name} is not enabled: it ends only if somebody starts it by hand`
  if (hosts === undefined || fleet !== undefined) return undefined
  if (
    own !== undefined &&
    JSON.stringify(unorderedRule(own)) === JSON.stringify(unorderedRule(hosts))
  )
    return undefined
  const excluded = new Set(own?.none.map((match) => JSON.stringify(match)))
  const rule = {
    ...hosts,
    none: hosts.none.filter((match) => !excluded.has(JSON.stringify(match))),
  }
  const machines = own === undefined || own.some.length === 0 ? [anyMachine] : own.some
  switch (shareOf(rule, machines)) {
    case 'all':
      return undefined
    case 'some':
      return `${name} has other hosts: where it does not run, nothing starts this task`
    case 'none':
      return `${name} has other hosts: nothing ever starts this task`
  }
}

/** Each circle is reported once, where its first task names the one before it, with all its places. */
function reportCircles(followers: readonly PlacedTask[]): void {
  const open = leftInCircles(followers)
  const firstOf = ({ task }: PlacedTask): string =>
    task.after?.tasks.find((name) => open.has(name)) ?? ''
  for (const each of followers) {
    const walked = new Set<PlacedTask>()
    let at = open.get(each.task.name)
    while (at !== undefined && !walked.has(at)) {
      walked.add(at)
      at = open.get(firstOf(at))
    }
    const path = [...walked]
    if (at !== undefined) reportCircle(path.slice(path.indexOf(at)))
    for (const seen of walked) open.delete(seen.task.name)
  }
}

/** The tasks without those that start after none of the others, and without what starts only after these. */
function leftInCircles(followers: readonly PlacedTask[]): Map<string, PlacedTask> {
  const open = new Map(followers.map((each) => [each.task.name, each]))
  const missing = new Map<string, number>()
  const next = new Map<string, string[]>()
  for (const { task } of followers) {
    const firsts = task.after?.tasks.filter((name) => open.has(name)) ?? []
    missing.set(task.name, firsts.length)
    for (const name of firsts) {
      const others = next.get(name)
      if (others === undefined) next.set(name, [task.name])
      else others.push(task.name)
    }
  }
  const free = [...missing].flatMap(([name, count]) => (count === 0 ? [name] : []))
  for (const name of free) {
    open.delete(name)
    for (const other of next.get(name) ?? []) {
      const count = (missing.get(other) ?? 0) - 1
      missing.set(other, count)
      if (count === 0) free.push(other)
    }
  }
  return open
}

function reportCircle(circle: readonly PlacedTask[]): void {
  const [first] = circle
  if (first === undefined) return
  const next = (at: number): string => circle[(at + 1) % circle.length]?.task.name ?? ''
  const places = circle.map(({ source, path, task }, at) => {
    const place = source.position(placeOf(source, path, task, next(at)))
    return `${task.name} starts after ${next(at)} (${place})`
  })
  const message = `a circle: ${places.join(', ')}`
  report(first, next(0), message, {
    hint: 'remove one of these after, or write a schedule in its place',
  })
}
