import { exitStatus } from '../../../errors.ts'
import { formatDuration } from '../../../text/duration.ts'
import { counted } from '../../../text/plural.ts'
import { plainLine } from '../../../text/sanitize.ts'
import { whyNotStarted } from '../../../text/why-not-started.ts'
import {
  type FleetStatus,
  fleetStatus,
  type Machine,
  type SharedTask,
} from '../../../view/fleet/fleet-status.ts'
import { isSelected, selectNames } from '../../../tasks/select.ts'
import type { Values } from '../../args/options.ts'
import type { Call } from '../../command.ts'
import { ask } from '../../daemon/ask.ts'
import { noTaskHasLabels, withLabels } from '../../daemon/tasks-file.ts'
import { outcomeCell } from '../../terminal/outcomes.ts'
import { type Cell, table } from '../../terminal/table.ts'
import { roughly, shownDistance, shownTime } from '../../terminal/times.ts'

/** Runs `torch fleet status`. */
export async function showFleet(call: Call, values: Values): Promise<number> {
  const { terminal, args } = call
  const words = args.slice(1)
  const whole = await fleetStatus((name, request) => ask(call, name, request, 'required'))
  const names = whole.tasks.map(({ name }) => name)
  if (words.length > 0) selectNames(words, names, 'torch fleet status')
  const tasks = withLabels(whole.tasks, values.label).filter(
    ({ name }) => words.length === 0 || isSelected(words, name),
  )
  if (tasks.length === 0 && values.label !== undefined && whole.tasks.length > 0)
    terminal.note(noTaskHasLabels)
  const status = { ...whole, tasks }
  if (values.json) await terminal.say(JSON.stringify(status, null, 2))
  else await terminal.say(linesOf(call, status).join('\n'))
  for (const note of status.notes) terminal.note(`note: ${plainLine(note)}`)
  return status.link.state === 'up' ? exitStatus.done : exitStatus.failed
}

function linesOf(call: Call, status: FleetStatus): string[] {
  const { terminal } = call
  const machines = table(
    terminal,
    [
      ...['MACHINE', 'STATE', 'FILE', 'RUNNING', { text: 'PLACES', cut: 'end' as const }],
      ...['CLOCK', { text: 'TORCH', leave: 1 }, { text: '', cut: 'end' as const }],
    ],
    status.machines.map((machine) => machineCells(call, machine)),
  )
  const lines = [...headOf(call, status), machines]
  if (status.tasks.length === 0) return lines
  return [
    ...lines,
    '',
    table(
      terminal,
      [
        { text: 'FLEET TASK', cut: 'middle' },
        'NEXT',
        { text: 'RUNS ON', cut: 'end' },
        { text: 'LAST', cut: 'end' },
      ],
      status.tasks.map((task) => taskCells(call.host, task)),
    ),
  ]
}

function headOf({ host, terminal }: Call, status: FleetStatus): string[] {
  const { fleet, engine, link, machines, whyNot, rowsWaiting } = status
  const up = machines.filter(({ state }) => state === 'up')
  if (link.state !== 'up') {
    const since = link.sinceMs === undefined ? '' : ` since ${shownTime(host, isoOf(link.sinceMs))}`
    const why = link.lastError === null ? '' : `: ${plainLine(link.lastError)}`
    return [
      terminal.paint('red', `${fleet}: the fleet cannot be reached${since}${why}`),
      `this is what ${plainLine(status.host)} knows; ${counted(rowsWaiting, 'row')} of its history ${rowsWaiting === 1 ? 'waits' : 'wait'}`,
    ]
  }
  const servers =
    engine === null || engine.servers.length === 0 ? [link.server ?? ''] : engine.servers
  const facts = [
    ...(engine?.leader == null ? [] : [`leader ${engine.leader}`]),
    ...(link.version === undefined ? [] : [link.version]),
    ...(engine === null ? [] : [engine.copies === 1 ? '1 copy' : `${engine.copies} copies`]),
  ].join(', ')
  const file = mostCommonFile(up)
  return [
    [
      `${fleet} on ${plainLine(servers.join(' '))}${facts === '' ? '' : ` (${plainLine(facts)})`}`,
      `${up.length} of ${counted(machines.length, 'machine')} up`,
      ...(file === undefined ? [] : [`file ${file.revision} on ${file.count}`]),
    ].join('   '),
    ...(whyNot === null
      ? []
      : [
          terminal.paint(
            'yellow',
            `${plainLine(status.host)} starts nothing of the fleet: ${plainLine(whyNotStarted(whyNot))}`,
          ),
        ]),
  ]
}

function mostCommonFile(
  machines: readonly Machine[],
): { revision: string; count: number } | undefined {
  const counts = new Map<string, number>()
  for (const { revision } of machines)
    if (revision !== null) counts.set(revision, (counts.get(revision) ?? 0) + 1)
  const [most] = [...counts].toSorted((a, b) => b[1] - a[1])
  return most && { revision: plainLine(most[0]), count: most[1] }
}

function machineCells({ host }: Call, machine: Machine): Cell[] {
  const { revision, committedMs, isOdd, running, places, offsetMs, torch } = machine
  const isUp = machine.state === 'up' || machine.state === 'stopping'
  const age =
    committedMs === null ? '' : ` (${roughly(Math.max(host.clock.now() - committedMs, 0))} old)`
  return [
    plainLine(machine.host),
    stateCell(machine),
    revision === null ? '-' : `${plainLine(revision)}${isOdd && isUp ? age : ''}`,
    running === null ? '?' : `${running}${isUp ? '' : '?'}`,
    places.length === 0 ? '-' : `${plainLine(places.join(' '))}${isUp ? '' : '?'}`,
    offsetMs === null ? '-' : clockWords(offsetMs),
    torch === null ? '-' : plainLine(torch),
    [noteOf(machine), 'yellow'],
  ]
}

function stateCell({ state, isOdd, heardAgoMs }: Machine): Cell {
  switch (state) {
    case 'up':
      return isOdd ? ['up, drift', 'yellow'] : ['up', 'green']
    case 'stopping':
      return ['stopping', 'yellow']
    case 'stopped':
      return ['stopped', 'dim']
    case 'silent':
      return [`silent ${roughly(heardAgoMs ?? 0)}`, 'red']
    case 'unknown':
      return ['not heard', 'red']
  }
}

/** What is wrong with a machine, or happens to it soon. */
export function noteOf({
  state,
  differs,
  places,
  takeovers,
  tz,
  hasOtherTz,
  trouble,
}: Machine): string {
  const notes = [
    ...(differs.length === 0
      ? []
      : [`${differs.join(', ')} ${differs.length === 1 ? 'differs' : 'differ'}`]),
    ...takeovers.map(({ place, inMs }) =>
      inMs === 0
        ? `takeover of ${place} is due`
        : `takeover of ${place} in ${formatDuration(Math.ceil(inMs / 1000) * 1000)}`,
    ),
    ...(state === 'silent' && places.length > 0 && takeovers.length === 0
      ? ['others take its places']
      : []),
    ...(hasOtherTz && state === 'up' ? [`time zone data ${tz}: it may have other slots`] : []),
    ...trouble.slice(0, 1),
  ]
  return plainLine(notes.join('; '))
}

/** Ahead of the engine's clock, or behind it. */
function clockWords(ms: number): string {
  const sign = ms < 0 ? '-' : '+'
  return `${sign}${formatDuration(Math.abs(Math.round(ms)))}`
}

/** The row of a shared task. What a silent machine may still run is not counted: its place may be another one's. */
export function taskCells(
  host: Call['host'],
  { name, type, max, next, running, last }: SharedTask,
): Cell[] {
  const sure = running.filter(({ isSure }) => isSure)
  const unsure = running.filter(({ isSure }) => !isSure)
  const hosts = [...sure.map((each) => each.host), ...unsure.map((each) => `${each.host}?`)]
  const count = type === 'daemon' ? ` ${sure.length}/${max ?? '?'}` : ''
  const due = type === 'daemon' ? 'always' : shownTime(host, next) || '-'
  return [
    `${plainLine(name)}${count}`,
    due,
    hosts.length === 0 ? '-' : plainLine([...new Set(hosts)].join(', ')),
    running.length > 0 && type === 'daemon' ? ['running', 'cyan'] : lastCell(host, last),
  ]
}

function lastCell(host: Call['host'], last: SharedTask['last']): Cell {
  if (last === null) return '-'
  const [words, style] = outcomeCell(last)
  const took = last.durationMs === null ? '' : ` ${roughly(last.durationMs)}`
  const at = last.endedAt ?? last.startedAt
  const ago = at === null ? '' : `, ${shownDistance(host, at)}`
  const machine = plainLine(last.host)
  // What did not start was on no machine: one of them says so.
  const where = last.run === null ? ` (recorded by ${machine}${ago})` : ` on ${machine}${ago}`
  return [`${words}${took}${where}`, style]
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
