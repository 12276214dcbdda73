import { TorchError, messageOf } from '../../errors.ts'
import type { Channel, DaemonChild } from '../../host/daemon-child.ts'
import type { Host } from '../../host/host.ts'
import { openForLog } from '../../record/line-file.ts'
import { killRun } from '../../run/end.ts'
import { formatProblem } from '../../tasks/file/report.ts'
import { letGo } from './let-go.ts'
import type { Loaded } from '../tasks-file/load.ts'
import { writeKnown, writeSlots } from '../recovery/saved-state.ts'
import { writePending } from '../starts/pending.ts'
import { heardFailure, hearReady, readyLine } from '../start/ready.ts'
import type { Seat } from '../start/process.ts'
import type { Torch } from '../state.ts'

/** The descriptors under which the next daemon finds what it inherits; 3 is the channel. */
export const inherited = { lock: 4, socket: 5 } as const

/** The old daemon's word to the new: all is on disk, it is yours. And the answer. */
const goWord = 'go'
const takenWord = 'taken'

/** The old one waits for the end of a second before it says go; longer than this it hangs. */
const goTimeoutMs = 30_000
/** Between go and taken nobody minds the runs; longer than this is a hang of the new one. */
const takeOverMs = 10_000
/** Behind the beat of a second, so that the next one is as far away as can be. */
const behindBeatMs = 20

/** The new daemon's side: it is prepared, and waits until the home is its own. */
export async function awaitGo(host: Host, predecessor: Channel, loaded: Loaded): Promise<void> {
  const warnings = loaded.problems.map(formatProblem)
  predecessor.say(readyLine({ pid: host.processes.pid, warnings }))
  // `closed`: the old daemon died before it could say it. The home is ours all the same.
  if ((await predecessor.nextLine(goTimeoutMs)) === 'late')
    throw new TorchError('no-go', 'the daemon before did not hand over')
}

/** The new daemon has the home in its hands. */
export function sayTaken(predecessor: Channel): void {
  predecessor.say(takenWord)
}

export interface Restart {
  /** Gives the pid of the next daemon once that has taken over; throws why it has not. */
  ask(): Promise<{ pid: number }>
  /** The daemon stops: a next one that is being prepared must not take its death for a crash. */
  drop(): Promise<void>
  /** How it ended; never, where nothing was handed over. */
  readonly over: Promise<'handed-over' | 'failed'>
}

/** The old daemon's side. Until the next one is prepared this one goes on as ever; `quiet` stops it. */
export function makeRestart(seat: Seat, torch: Torch, quiet: () => void): Restart {
  let isUnderWay = false
  let child: DaemonChild | undefined
  let sayOver = (_end: 'handed-over' | 'failed'): void => {}
  const over = new Promise<'handed-over' | 'failed'>((resolve) => {
    sayOver = resolve
  })
  return {
    over,
    async ask() {
      if (isUnderWay || torch.phase !== 'running')
        throw isUnderWay ? busy('a restart is already under way') : isStopping()
      isUnderWay = true
      try {
        torch.log.info('restart', {}, 'restarting: bringing up the next daemon')
        child = spawnHeir(seat)
        await prepareHeir(seat, torch, child)
        const pid = await passHome(seat, torch, child, quiet)
        sayOver('handed-over')
        return { pid }
      } catch (error) {
        isUnderWay = false
        torch.log.error(
          'restart',
          {},
          `the restart failed, this daemon goes on: ${messageOf(error)}`,
        )
        if (hasLeft(torch)) sayOver('failed')
        throw error
      }
    },
    async drop() {
      await child?.kill()
    },
  }
}

/** Whether the home is no longer this daemon's. */
function hasLeft({ phase }: Torch): boolean {
  return phase === 'gone'
}

function isStopping(): TorchError {
  return busy('the daemon is stopping')
}

function busy(words: string): TorchError {
  return new TorchError('busy', words, { hint: 'torch status shows how it goes' })
}

/** Settles when the next daemon waits for our word; throws why it does not. */
async function prepareHeir(seat: Seat, torch: Torch, child: DaemonChild): Promise<void> {
  try {
    await hearReady(child, seat.paths.log)
    await behindBeat(seat.host)
    if (torch.phase !== 'running') throw isStopping()
  } catch (error) {
    await child.kill()
    throw torch.phase === 'running' ? goesOn(error) : isStopping()
  }
}

/** Why there is no new daemon, with the word that the old one is still there. */
function goesOn(error: unknown): unknown {
  if (!(error instanceof TorchError)) return error
  const { code, message, hint, details, exit } = error
  return new TorchError(code, `the new daemon failed, the old one goes on: ${message}`, {
    ...{ details, exit, cause: error },
    ...(hint !== undefined && { hint }),
  })
}

/** From the first line on the runs are not ours: whoever has the home then takes all from disk. */
async function passHome(
  seat: Seat,
  torch: Torch,
  child: DaemonChild,
  quiet: () => void,
): Promise<number> {
  seat.desk.hold()
  quiet()
  leaveAll(torch)
  child.say(goWord)
  const heard = await child.nextLine(takeOverMs)
  const line = typeof heard === 'string' ? '' : heard.line
  if (line === takenWord && child.pid !== undefined) {
    child.close()
    return child.pid
  }
  await child.kill()
  const why =
    heardFailure(line)?.message ??
    (heard === 'late' ? `it did not take over within ${takeOverMs / 1000} s` : 'it ended too early')
  throw new TorchError('restart-failed', `the new daemon failed, the old one goes on: ${why}`, {
    hint: `its last words are in ${seat.paths.log}`,
  })
}

function spawnHeir(seat: Seat): DaemonChild {
  const { host, settings, paths, environment, lock, server, script } = seat
  if (settings.foreground && environment.NOTIFY_SOCKET === undefined)
    throw new TorchError(
      'in-foreground',
      'the daemon runs in the foreground, where none can take its place',
      {
        hint: 'restart it where it was started',
      },
    )
  if (server.descriptor === undefined)
    throw new TorchError('no-descriptor', 'the control socket cannot be handed over', {
      hint: 'torch stop --leave and torch start do the same with a short gap',
    })
  const file = settings.foreground ? undefined : openForLog(() => host.files.openAppend(paths.log))
  const env = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  )
  try {
    return host.processes.spawnDaemon({
      args: [script, 'daemon', JSON.stringify(settings), 'heir'],
      outputs: file === undefined ? [1, 2] : [file, file],
      descriptors: [lock.descriptor, server.descriptor],
      env: Object.fromEntries(env),
    })
  } finally {
    if (file !== undefined) host.files.close(file)
  }
}

function behindBeat({ clock }: Host): Promise<void> {
  return new Promise((resolve) => {
    clock.after(1000 - (clock.now() % 1000) + behindBeatMs, resolve)
  })
}

/** Everything is on disk, and no timer of ours touches a run any more. */
function leaveAll(torch: Torch): void {
  for (const run of torch.remains) killRun(torch.room, run)
  torch.faults.close()
  torch.pendingIsDirty = true
  writePending(torch)
  writeSlots(torch)
  writeKnown(torch)
  letGo(torch)
  torch.history.close()
}
