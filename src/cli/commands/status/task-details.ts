import type { TaskStatus } from '../../../control/status-report.ts'
import { readTraces, runDirectory, startOfRun } from '../../../run/directory.ts'
import { formatDuration } from '../../../text/duration.ts'
import { sizeText } from '../../../text/size.ts'
import { commandLines, plainLine, plainLines } from '../../../text/sanitize.ts'
import { counted } from '../../../text/plural.ts'
import type { Call } from '../../command.ts'
import { pauseWords } from '../../terminal/pause-words.ts'
import { roughly, shownTime, timeThere } from '../../terminal/times.ts'
import { nextStart } from './status-order.ts'

/** The most runs that are shown one by one; the rest is counted. */
const maxRunsShown = 20

/** What `torch status TASK` shows below the table: the definition of the task, and its runs. */
export function taskDetails(
  call: Pick<Call, 'host' | 'terminal' | 'paths'>,
  task: TaskStatus,
): string[] {
  const facts = [
    ...pauseFacts(call, task),
    ...closedFacts(call, task),
    ...definitionFacts(call, task),
    ...inputFacts(call, task),
    ...runFacts(call, task),
    ...waitingFacts(call, task),
  ]
  const width = Math.max(...facts.map(([name]) => name.length), 0)
  const indent = ' '.repeat(width + 4)
  return [
    ...(task.description === null ? [] : plainLines(task.description).map((line) => `  ${line}`)),
    ...facts.flatMap(([name, lines]) =>
      lines.map((line, at) =>
        at === 0 ? `  ${call.terminal.paint('dim', name.padEnd(width))}  ${line}` : indent + line,
      ),
    ),
  ]
}

/** A name, and the lines beside it. */
type Fact = readonly [name: string, lines: readonly string[]]

/** Who paused it, since when, until when and why, and how many slots have passed. */
function pauseFacts({ host }: Pick<Call, 'host'>, { paused }: TaskStatus): Fact[] {
  if (paused === undefined) return []
  const { since, slots, all } = paused
  const what = all ? 'with all tasks, ' : ''
  const passed =
    slots === 0 ? [] : [`${counted(slots, 'slot')} passed since ${shownTime(host, since)}`]
  return [['paused', [what + pauseWords(host, paused), ...passed]]]
}

/** In how many places nothing starts again, since when, and what helps. */
function closedFacts({ host }: Pick<Call, 'host'>, { name, closed }: TaskStatus): Fact[] {
  if (closed === undefined) return []
  const { givenUp, ended, since } = closed
  const what = [
    ...(givenUp === 0 ? [] : [`${counted(givenUp, 'instance')} given up`]),
    ...(ended === 0 ? [] : [`${counted(ended, 'instance')} ended, as restart.on says`]),
  ]
  const words = `${what.join(', ')}, since ${shownTime(host, since)}`
  return [
    [
      'restart',
      [words, `torch resume ${name} starts ${givenUp + ended === 1 ? 'it' : 'them'} again`],
    ],
  ]
}

/** What starts a task without a schedule. A common task always has one. */
const withoutSchedule: Readonly<Record<TaskStatus['type'], string>> = {
  common: 'none',
  daemon: 'always running',
  manual: 'by hand',
}

/** `live, 0 bytes unread`, or `queue, 2 messages wait (31 B), the oldest for 3m; 1 dead`. */
function inputFacts({ host }: Pick<Call, 'host'>, { input }: TaskStatus): Fact[] {
  if (!input) return []
  if (input.mode === 'live') {
    const { unread } = input
    return [['input', [unread === null ? 'live' : `live, ${counted(unread, 'byte')} unread`]]]
  }
  const { waiting, bytes, oldest, dead } = input
  const wait = `${counted(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'}`
  const age = oldest === null ? 0 : Math.max(host.clock.now() - Date.parse(oldest), 0)
  const since = waiting === 0 ? '' : ` (${sizeText(bytes)}), the oldest for ${roughly(age)}`
  return [['input', [`queue, ${wait}${since}${dead === 0 ? '' : `; ${dead} dead`}`]]]
}

function definitionFacts({ host }: Pick<Call, 'host'>, task: TaskStatus): Fact[] {
  const { definition, labels, type } = task
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const labelled: Fact[] = pairs.length === 0 ? [] : [['labels', [plainLine(pairs.join(', '))]]]
  if (!definition) return labelled
  const { schedule, timezone, command, script, hosts, max, pools = [], timeoutMs } = definition
  const isElsewhere = schedule.length > 0 && timezone !== host.clock.zone()
  const next = nextStart(task)
  const there = next === null ? undefined : timeThere(host, next, timezone)
  const zone = there === undefined ? timezone : `${timezone}, where the next start is at ${there}`
  return [
    ...(definition.after ? [afterFact(definition.after, task.ended)] : []),
    ...(definition.after
      ? []
      : [
          [
            'schedule',
            schedule.length === 0 ? [withoutSchedule[type]] : schedule.map(plainLine),
          ] as const,
        ]),
    ...(definition.limits?.words ?? []).map(([key, value]): Fact => [key, [plainLine(value)]]),
    ...(isElsewhere ? [['timezone', [plainLine(zone)]] as const] : []),
    ...(script ? [['script', scriptLines(script)] as const] : []),
    ['command', command === null ? ['the script'] : commandLines(command)],
    ['hosts', [hosts === null ? 'every host' : plainLine(hosts.join(', '))]],
    ...(max === 1 ? [] : [['max', [max === null ? 'unlimited' : String(max)]] as const]),
    ...(pools.length === 0 ? [] : [['pool', [poolWords(pools)]] as const]),
    ['timeout', [timeoutMs === null ? 'none' : formatDuration(timeoutMs)]],
    ...listenFacts(task),
    ...labelled,
  ]
}

/** `extract, convert`, and which of them have ended since the task started last. */
function afterFact({ tasks, outcome }: After, ended: TaskStatus['ended']): Fact {
  const which = outcome === 'ok' ? '' : outcome === 'any' ? ' (any end)' : ` (${outcome})`
  const seen =
    ended === undefined || tasks.length === 1
      ? []
      : [
          ended.length === 0
            ? 'none of them has ended since the last start'
            : `since the last start ended: ${ended.join(', ')}`,
        ]
  return ['after', [plainLine(tasks.join(', ') + which), ...seen.map(plainLine)]]
}

type After = NonNullable<NonNullable<TaskStatus['definition']>['after']>

/** Its URL, and the key of the tasks file that says which version runs. */
function scriptLines({ url, sha256, update }: Script): string[] {
  const every = typeof update === 'number' ? formatDuration(update) : update
  const version =
    sha256 !== null ? [`sha256: ${sha256}`] : every === undefined ? [] : [`update: ${every}`]
  return [plainLine(url), ...version]
}

type Script = NonNullable<NonNullable<TaskStatus['definition']>['script']>

/** `0.0.0.0:80 (web), 2 of 2 ready`, and what torch cannot do with these sockets. */
function listenFacts({ listen, ready, definition }: TaskStatus): Fact[] {
  if (listen === undefined) return []
  const addresses = listen.map(({ name, address }) => address + (name === null ? '' : ` (${name})`))
  const runs = Object.values(ready ?? {})
  const wanted = Math.max(definition?.max ?? 0, runs.length)
  const readyWords = ready && `${runs.filter(Boolean).length} of ${wanted} ready`
  const words = [...addresses, ...(readyWords === undefined ? [] : [readyWords])].join(', ')
  const isWithoutTorch = ready !== undefined && listen.some(({ held }) => !held)
  const lacking = isWithoutTorch
    ? [
        runs.length === 0
          ? 'torch could not open all of them'
          : 'torch does not hold all of them: the next replacement ends the old runs first',
      ]
    : []
  return [[listen.length === 0 ? 'ready' : 'listens', [plainLine(words), ...lacking]]]
}

/** `db (at most 1 run), heavy (at most 4 runs)` */
function poolWords(pools: readonly { readonly name: string; readonly size: number }[]): string {
  const each = pools.map(({ name, size }) => `${name} (at most ${counted(size, 'run')})`)
  return plainLine(each.join(', '))
}

/** The start that waits, and the runs that have the places. */
function waitingFacts({ host }: Pick<Call, 'host'>, { name, waiting }: TaskStatus): Fact[] {
  if (waiting === undefined) return []
  const { slot, pool, runs } = waiting
  const start = slot === null ? 'a start' : `the start of ${shownTime(host, slot)}`
  const place = pool === null ? 'its max' : `the pool ${pool}`
  const shown = runs.slice(0, maxRunsShown)
  const others = shown.map(({ task, run }) => (task === name ? run : `${task} (${run})`))
  const more = runs.length === shown.length ? '' : `, and ${runs.length - shown.length} more`
  const behind = runs.length === 0 ? '' : `: ${others.join(', ')}${more}`
  return [['waits', [plainLine(`${start} waits for ${place}${behind}`)]]]
}

/** The runs in progress, oldest first: id, pid of the command, since when. */
function runFacts(
  { host, paths }: Pick<Call, 'host' | 'paths'>,
  { name, running }: TaskStatus,
): Fact[] {
  if (running.length === 0) return []
  const lines = running.slice(0, maxRunsShown).map((run) => {
    const { command } = readTraces(host, runDirectory(paths.home, name, run))
    const startMs = startOfRun(run)
    const since = shownTime(host, new Date(startMs).toISOString())
    const pid = command === undefined ? 'no pid yet' : `pid ${command.pid}`
    return `${run}, ${pid}, since ${since} (${roughly(Math.max(host.clock.now() - startMs, 0))})`
  })
  const left = running.length - lines.length
  return [['runs', [...lines, ...(left === 0 ? [] : [`... and ${left} more`])]]]
}
