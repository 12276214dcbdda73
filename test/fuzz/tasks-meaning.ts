import type { Task } from '../../src/tasks/task.ts'
import type { Keys, Tree, TreeTask } from './tasks-tree.ts'

const minute = 60_000
const hour = 60 * minute

/** All events except `skipped`, `paused` and `resumed`. */
const allEvents = [
  ...['failed', 'recovered', 'missed', 'late', 'stuck', 'no_success_for', 'gave-up'],
  ...['refused', 'daemon-started-after-crash'],
]

/** The name of each key in Task, and its default there. */
const places: Readonly<Record<string, readonly [place: string, preset: unknown]>> = {
  hosts: ['hostEntries', undefined],
  max: ['max', 1],
  overlap: ['overlap', 'skip'],
  pool: ['pools', []],
  jitter: ['jitterMs', 0],
  catchup: ['catchup', 'off'],
  catchup_window: ['catchupWindowMs', hour],
  'input.mode': ['input.mode', 'none'],
  'input.format': ['input.format', 'text'],
  timeout: ['timeoutMs', undefined],
  kill_after: ['killAfterMs', 10_000],
  'retry.attempts': ['retry.attempts', 0],
  'retry.delay': ['retry.delayMs', 1000],
  'retry.backoff': ['retry.backoff', 2],
  'retry.max_delay': ['retry.maxDelayMs', 5 * minute],
  'restart.delay': ['restart.delayMs', 1000],
  'restart.max_delay': ['restart.maxDelayMs', minute],
  'restart.reset_after': ['restart.resetAfterMs', minute],
  success_codes: ['successCodes', [0]],
  shell: ['shell', '/bin/sh'],
  cwd: ['cwd', undefined],
  umask: ['umask', 0o022],
  nice: ['nice', 0],
  user: ['user', undefined],
  group: ['group', undefined],
  env_file: ['envFile', undefined],
  'output.keep_runs': ['output.keepRuns', 20],
  'output.keep_for': ['output.keepForMs', 7 * 24 * hour],
  'output.max_size': ['output.maxSizeBytes', 10_000_000],
  'notify.to': ['notify.to', []],
  'notify.on': ['notify.on', allEvents],
  'notify.late_after': ['notify.lateAfterMs', undefined],
  'notify.stuck_after': ['notify.stuckAfterMs', undefined],
  'notify.no_success_for': ['notify.noSuccessForMs', undefined],
  'notify.repeat': ['notify.repeatMs', 24 * hour],
  description: ['description', undefined],
  enabled: ['enabled', true],
}

/** Maps that contain only the keys that are set. */
const open = ['limits', 'env', 'labels']

/** The tasks that a tree means, by the reference of keys and without the code of torch. */
export function meantTasks(tree: Tree): Record<string, unknown>[] {
  return tree.tasks.map((task) => meantTask(task, tree))
}

/** The keys of a task that torch read, in the same form. */
export function readKeys({
  schedules,
  fleet,
  definition: _1,
  hosts: _2,
  file: _3,
  line: _4,
  when,
  ...rest
}: Task) {
  const { id: _7, ...limits } = when ?? {}
  const { prefer: _5, definition: _6, ...shared } = fleet ?? {}
  return {
    ...rest,
    fleet: fleet && shared,
    when: when && limits,
    schedules: schedules.map(({ text }) => text),
  }
}

function meantTask(
  { name, type, schedule, after, command, script, ping, listen, keys, when }: TreeTask,
  tree: Tree,
) {
  const { ready, ...given }: Keys = { ...tree.defaults, ...keys }
  const task: Record<string, unknown> = { limits: {}, env: {}, labels: {} }
  for (const [place, preset] of Object.values(places)) put(task, place, preset)
  for (const [key, { meant }] of Object.entries(given)) {
    const isOpen = open.includes(key.split('.')[0] ?? '')
    if (key !== 'timezone' && !fleetKeys.has(key))
      put(task, isOpen ? key : (places[key]?.[0] ?? key), meant)
  }
  const { mode, format } = task['input'] as Record<string, unknown>
  const waits = type === 'daemon' && (ready !== undefined || listen !== undefined)
  return {
    ...task,
    name,
    command,
    type,
    // A daemon task does not inherit them.
    pools: type === 'daemon' ? [] : task['pools'],
    // Only a queue has a format.
    input: { mode, format: mode === 'queue' ? format : 'text' },
    fleet: given['scope'] === undefined ? undefined : meantFleet(type, given),
    script: script?.meant,
    ping: ping?.meant,
    when: when?.meant,
    listen: listen?.meant ?? [],
    ready: waits ? (ready?.meant ?? afterOneSecond) : undefined,
    timezone: given['timezone']?.meant ?? tree.zone ?? 'UTC',
    after: after?.meant,
    schedules: type === 'common' && after === undefined ? [schedule].flat() : [],
  }
}

const fleetKeys: ReadonlySet<string> = new Set([
  ...['scope', 'prefer', 'max_per_host', 'start_within', 'on_lost', 'fence'],
])

function meantFleet(type: string, given: Keys): Record<string, unknown> {
  return {
    preferEntries: given['prefer']?.meant ?? [],
    maxPerHost: given['max_per_host']?.meant ?? 1,
    startWithinMs: given['start_within']?.meant ?? minute,
    onLost: given['on_lost']?.meant ?? 'skip',
    fenceMs: given['fence'] ? given['fence'].meant : type === 'daemon' ? 30_000 : undefined,
  }
}

const afterOneSecond = { kind: 'after', afterMs: 1000, timeoutMs: 31_000 }

function put(task: Record<string, unknown>, place: string, value: unknown): void {
  const [outer = '', inner] = place.split('.')
  if (inner === undefined) task[outer] = value
  else task[outer] = { ...(task[outer] as object | undefined), [inner]: value }
}
