import type { EngineView, FleetView, MachineView } from '../../http/api.ts'
import { grouped } from '../../text/grouped.ts'
import { plainLine } from '../../text/sanitize.ts'
import type { Sign, Tone } from '../list/task-words.ts'
import { reasonWords, roughly, shortTime } from '../model/words.ts'
import { shortRevision } from '../timeline/mark-words.ts'

export interface Words {
  readonly words: string
  readonly tone: Tone
}

/** A clock that is further away is worth a look; a machine whose clock is out by more than the second one starts nothing. */
const oddClockMs = 1_000
const badClockMs = 5_000

/** How the servers are that the machines share, as this machine sees them. */
export function engineWords(
  { engine, host, rowsWaiting }: Pick<FleetView, 'engine' | 'host' | 'rowsWaiting'>,
  zone: string,
  now: number,
): Words {
  const { link, since, error, isAnswering, servers, leader, copies, version } = engine
  const why = error === null ? '' : `: ${plainLine(error)}`
  if (link !== 'up') {
    const from = since === null ? '' : ` since ${shortTime(zone, Date.parse(since), now)}`
    const state =
      link === 'down' ? `The engine is not reachable${from}` : 'Connecting to the engine'
    const waits = rowsWaiting === 1 ? 'row waits' : 'rows wait'
    const rows = rowsWaiting === 0 ? '' : ` ${rowsWaiting} ${waits} for it.`
    const words = `${state}${why}. This is what ${plainLine(host)} knows.${rows}`
    return { words, tone: 'bad' }
  }
  if (!isAnswering) return { words: 'The engine does not say how it is.', tone: 'warn' }
  if (leader === null && isCluster(engine))
    return {
      words:
        'The engine has no leader: nothing of the fleet starts until its servers have elected one.',
      tone: 'bad',
    }
  const facts = [
    leader === null ? '' : `leader ${leader}`,
    copies === null ? '' : copies === 1 ? '1 copy' : `${copies} copies`,
    version ?? '',
  ]
  const names = servers.filter((name) => name !== '').join(' ')
  return {
    words: plainLine(`engine ${names} (${facts.filter(Boolean).join(', ')})`),
    tone: 'quiet',
  }
}

function isCluster({ copies, servers }: EngineView): boolean {
  return (copies ?? 1) > 1 || servers.length > 1
}

/** `7 of 8 machines up`, and whether all of them are. */
export function countWords({ machines }: Pick<FleetView, 'machines'>): Words {
  const up = machines.filter(({ state }) => state === 'up').length
  const isAll = up === machines.length
  return {
    words: `${isAll ? up : `${up} of ${machines.length}`} ${machines.length === 1 ? 'machine' : 'machines'} up`,
    tone: isAll ? 'quiet' : 'warn',
  }
}

/** `file 3f2a9c4 on 6`: the revision that most machines that are up have. */
export function fileWords({ machines }: Pick<FleetView, 'machines'>): string {
  const known = machines.flatMap(({ state, revision }) => (state === 'up' ? (revision ?? []) : []))
  const [most] = [...grouped(known, (text) => text)].toSorted((a, b) => b[1].length - a[1].length)
  return most === undefined ? '' : `file ${shortRevision(most[0])} on ${most[1].length}`
}

export interface MachineWords {
  readonly sign: Sign
  readonly state: string
  readonly tone: Tone
  readonly file: string
  readonly running: string
  readonly places: string
  readonly clock: Words
  readonly torch: string
  readonly remark: string
}

/** A machine in words. What it said last has a question mark, if it is not up. */
export function machineWords(machine: MachineView, now: number): MachineWords {
  const { revision, committedAt, isOdd, running, places, offsetMs, torch } = machine
  const isUp = machine.state === 'up' || machine.state === 'stopping'
  const sure = isUp ? '' : '?'
  const age =
    committedAt === null ? '' : ` ${roughly(Math.max(0, now - Date.parse(committedAt)))} old`
  return {
    ...stateWords(machine, now),
    file: revision === null ? '' : shortRevision(revision) + (isOdd && isUp ? age : ''),
    running: running === null ? '' : `${running}${sure}`,
    places: places.length === 0 ? '' : `${plainLine(places.join(' '))}${sure}`,
    clock: clockWords(offsetMs),
    torch: torch === null ? '' : plainLine(torch),
    remark: remarkWords(machine),
  }
}

function stateWords(
  { state, isOdd, heardAt, offsetMs }: MachineView,
  now: number,
): Pick<MachineWords, 'sign' | 'state' | 'tone'> {
  switch (state) {
    case 'up':
      if (Math.abs(offsetMs ?? 0) > badClockMs)
        return { sign: 'timeout', state: 'up, clock', tone: 'bad' }
      return isOdd
        ? { sign: 'skipped', state: 'up, drift', tone: 'warn' }
        : { sign: 'ok', state: 'up', tone: 'ok' }
    case 'stopping':
      return { sign: 'killed', state: 'stopping', tone: 'warn' }
    case 'stopped':
      return { sign: 'away', state: 'stopped', tone: 'quiet' }
    case 'silent': {
      const ago = heardAt === null ? '' : ` ${wholeSeconds(now - Date.parse(heardAt))}`
      return { sign: 'failed', state: `silent${ago}`, tone: 'bad' }
    }
    case 'unknown':
      return { sign: 'unknown', state: 'not heard', tone: 'bad' }
  }
}

function wholeSeconds(ms: number): string {
  return roughly(Math.max(0, Math.floor(ms / 1000) * 1000)).replace(/\.0s$/, 's')
}

function clockWords(offsetMs: number | null): Words {
  if (offsetMs === null) return { words: '', tone: 'quiet' }
  const rounded = Math.round(offsetMs)
  const words = `${rounded < 0 ? '-' : '+'}${rounded === 0 ? '0ms' : roughly(Math.abs(rounded))}`
  const away = Math.abs(offsetMs)
  return { words, tone: away > badClockMs ? 'bad' : away > oddClockMs ? 'warn' : 'quiet' }
}

/** The first thing that is wrong with a machine. */
function remarkWords({ state, differs, places, trouble }: MachineView): string {
  // The line above the machines says it with more words.
  const [first] = trouble.filter((message) => !message.startsWith('the fleet cannot be reached'))
  const notes = [
    differs.length === 0
      ? ''
      : `${differs.join(', ')} ${differs.length === 1 ? 'differs' : 'differ'}`,
    state === 'silent' && places.length > 0 ? 'others take its places' : '',
    differs.length > 0 ? '' : (first ?? ''),
  ]
  return plainLine(notes.filter(Boolean).join('; '))
}

/** With more machines than these, those that are well wait behind a button. */
const maxShown = 8

/** The machines to show: if they are many, first those that a person should look at. */
export function shownMachines(
  machines: readonly MachineView[],
  isAll: boolean,
  chosen: string | null,
): readonly MachineView[] {
  if (isAll || machines.length <= maxShown) return machines
  const rankOf = (machine: MachineView): number =>
    machine.name === chosen ? 0 : isWell(machine) ? 2 : 1
  return machines
    .map((machine, index) => ({ machine, rank: rankOf(machine), index }))
    .toSorted((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, maxShown)
    .map(({ machine }) => machine)
}

function isWell({ state, isOdd, offsetMs, trouble }: MachineView): boolean {
  const isOnTime = Math.abs(offsetMs ?? 0) <= oddClockMs
  return state === 'up' && !isOdd && isOnTime && trouble.length === 0
}

/** Why this machine starts nothing of the fleet, or why the table may be old; empty: neither. */
export function warningWords({ host, whyNot, problem, engine }: FleetView): string {
  if (problem !== null) return `${plainLine(problem)}: what you see of the fleet may be old.`
  if (whyNot === null || engine.link !== 'up') return ''
  return `${plainLine(host)} starts nothing of the fleet: ${reasonWords(whyNot)}.`
}
