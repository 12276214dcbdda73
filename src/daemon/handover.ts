import { TorchError, messageOf } from '../errors.ts'
import { pause } from '../host/clock.ts'
import type { Channel, DaemonChild } from '../host/daemon-child.ts'
import { quietly } from '../host/system-error.ts'
import { openForLog } from '../record/line-file.ts'
import { killRun } from '../run/end.ts'
import { handOver } from '../run/live-run.ts'
import type { HeldSocket, InheritedSocket } from '../run/task-sockets.ts'
import { formatProblem } from '../tasks/file/problem.ts'
import { newDeferred } from './deferred.ts'
import { saveLoaded, saveTotals } from './recovery/saved-state.ts'
import { heardFailure, hearReady, readyLine } from './startup/start-detached.ts'
import type { Daemon, DaemonProcess } from './state.ts'
import type { Loaded } from './tasks-file/load.ts'

/** The descriptors under which the next daemon finds what it inherits; 3 is the channel. */
export const inherited = { lock: 4, socket: 5 } as const
/** After those come the sockets of tasks, which the settings name. */
export const firstTaskSocket = 6

/** The word after the settings that tells a process that it is the next daemon. */
const nextDaemonRole = 'next-daemon'
/** What a daemon of the first version says instead when it is upgraded by `torch restart`. */
const firstVersionRole = 'heir'

/** Whether a process with this role takes over from a running daemon. */
export function isNextDaemon(role: string | undefined): boolean {
  return role === nextDaemonRole || role === firstVersionRole
}

/** The previous daemon tells the next one that everything is on disk. And the answer. */
const goWord = 'go'
const takenWord = 'taken'

/** The previous daemon waits for the end of a second before it says go; after this long it hangs. */
const goTimeoutMs = 30_000
/** Between go and taken nobody watches the runs; after this long the next daemon hangs. */
const takeOverMs = 10_000
/** Just after the tick of a second, so that the next tick is as far away as possible. */
const afterTickMs = 20

/** In the next daemon: it is prepared, and waits until the home is its own. */
export async function awaitGo(
  { host, environment }: Pick<DaemonProcess, 'host' | 'environment'>,
  previous: Channel,
  loaded: Loaded,
): Promise<void> {
  const warnings = loaded.problems.map(formatProblem)
  previous.say(readyLine({ pid: host.processes.pid, warnings }))
  const heard = await previous.nextLine(goTimeoutMs)
  if (heard === 'late')
    throw new TorchError('no-go', 'the previous daemon did not hand over in time')
  // The previous daemon died before it could say go. The home is free all the same, but systemd takes
  // the unit for ended and starts a daemon itself.
  if (heard === 'closed' && environment.NOTIFY_SOCKET !== undefined)
    throw new TorchError('no-go', 'the previous daemon ended; systemd starts the next one')
}

/** In the next daemon: the home is in its hands. Settles when the previous daemon has told systemd. */
export async function sayTaken(previous: Channel): Promise<void> {
  previous.say(takenWord)
  await previous.nextLine(takeOverMs)
}

/** In the previous daemon: `torch restart`. */
export interface Handover {
  /**
   * Returns the pid of the next daemon once that has taken over; throws why it has not. The command
   * starts the next daemon, perhaps of another installation. undefined: this installation. `fleet` is its section of the
   * config file, as FleetSettings; undefined: that of this daemon.
   */
  request(command: readonly string[] | undefined, fleet?: object): Promise<{ pid: number }>
  /** The daemon stops: a next one that is being prepared must not take its end for a crash. */
  cancel(): Promise<void>
  /** Settles when the home was handed over, or when it has to be taken up again. */
  readonly ended: Promise<'handed-over' | 'failed'>
}

/** Until the next daemon is prepared this one works as usual; then `quiet` stops its services. */
export function newHandover(own: DaemonProcess, daemon: Daemon, quiet: () => void): Handover {
  const { phase, log } = daemon
  const ended = newDeferred<'handed-over' | 'failed'>()
  let child: DaemonChild | undefined
  let isInProgress = false

  async function request(
    command: readonly string[] | undefined,
    fleet: object | undefined,
  ): Promise<{ pid: number }> {
    if (isInProgress) throw busy('a restart is already in progress')
    if (phase.now !== 'running') throw isStopping()
    if (fleet !== undefined) refuseOther(own, fleet)
    isInProgress = true
    try {
      log.info('restart', {}, 'restarting: starting the next daemon')
      child = spawnNext(own, command, fleet)
      await prepareNext(own, daemon, child)
      const pid = await passHome(own, daemon, child, quiet)
      ended.resolve('handed-over')
      return { pid }
    } catch (error) {
      isInProgress = false
      log.error('restart', {}, `the restart failed, this daemon continues: ${messageOf(error)}`)
      if (daemon.phase.now === 'gone') ended.resolve('failed')
      throw error
    }
  }

  return { request, cancel: async () => child?.kill(), ended: ended.promise }
}

/** The next daemon has the places of this one, which are those of this machine in this fleet. */
function refuseOther({ settings: { fleet } }: DaemonProcess, next: object): void {
  if (fleet === undefined) return
  const isSame = (['name', 'host'] as const).every(
    (key) => new Map<string, unknown>(Object.entries(next)).get(key) === fleet[key],
  )
  if (isSame) return
  throw new TorchError(
    'bad-config',
    'the section fleet has another name or host than that of the daemon',
    { hint: 'to change those: torch stop, then torch start' },
  )
}

function isStopping(): TorchError {
  return busy('the daemon is stopping')
}

function busy(message: string): TorchError {
  return new TorchError('busy', message, { hint: 'torch status shows what the daemon does' })
}

function spawnNext(
  own: DaemonProcess,
  command: readonly string[] | undefined,
  section: object | undefined,
): DaemonChild {
  const { host, settings, paths, environment, lock, server, script } = own
  const held = [...own.sockets.held.values()]
  if (settings.foreground && environment.NOTIFY_SOCKET === undefined)
    throw new TorchError(
      'in-foreground',
      'the daemon runs in the foreground, where no other process can take its place',
      { hint: 'stop it and start it again where it was started' },
    )
  if (server.descriptor === undefined)
    throw new TorchError('no-descriptor', 'the control socket cannot be handed over', {
      hint: 'torch stop --leave and torch start do the same with a short gap',
    })
  const missing = command?.find((word) => word.startsWith('/') && isHidden(host, word))
  if (missing !== undefined)
    throw new TorchError('not-ready', `${newFailed}: it cannot find ${missing}`, {
      hint: 'the daemon must see the same files as this command; otherwise use torch stop --leave, then torch start',
    })
  const file = settings.foreground ? undefined : openForLog(() => host.files.openAppend(paths.log))
  const env = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  )
  try {
    return host.processes.spawnDaemon({
      command: command ?? host.processes.daemonCommand(script),
      args: [
        'daemon',
        JSON.stringify({
          ...settings,
          ...(section !== undefined && { fleet: section }),
          sockets: held.map(noteOf),
        }),
        nextDaemonRole,
      ],
      outputs: file === undefined ? [1, 2] : [file, file],
      descriptors: [
        ...[lock.descriptor, server.descriptor],
        ...held.map(({ descriptor }) => descriptor),
      ],
      env: Object.fromEntries(env),
    })
  } finally {
    if (file !== undefined) host.files.close(file)
  }
}

function noteOf({ task, address, file }: HeldSocket): InheritedSocket {
  return { task, address, file }
}

/** Whether a file is missing, or this user may not see it. */
function isHidden({ files }: DaemonProcess['host'], file: string): boolean {
  return quietly(() => files.facts(file)) === undefined
}

/** Settles when the next daemon waits for go; throws why it does not. */
async function prepareNext(
  own: DaemonProcess,
  { phase, clock }: Daemon,
  child: DaemonChild,
): Promise<void> {
  try {
    await hearReady(child, own.paths.log)
    await pause(clock, 1000 - (clock.now() % 1000) + afterTickMs)
    if (phase.now !== 'running') throw isStopping()
  } catch (error) {
    await child.kill()
    throw phase.now === 'running' ? whileOldContinues(error) : isStopping()
  }
}

/** The reason, and that the daemon still runs. */
function whileOldContinues(error: unknown): unknown {
  if (!(error instanceof TorchError)) return error
  const { code, message, hint, details } = error
  return new TorchError(code, `${newFailed}: ${message}`, {
    ...{ details, cause: error },
    ...(hint !== undefined && { hint }),
  })
}

const newFailed = 'the new daemon failed, the old one continues'

/** From the first line on the runs are not ours: whoever has the home then takes everything from disk. */
async function passHome(
  own: DaemonProcess,
  daemon: Daemon,
  child: DaemonChild,
  quiet: () => void,
): Promise<number> {
  own.requests.hold()
  quiet()
  saveAll(daemon)
  child.say(goWord)
  const heard = await child.nextLine(takeOverMs)
  const line = typeof heard === 'string' ? '' : heard.line
  if (line === takenWord && child.pid !== undefined) {
    // FIRST systemd: once this process ends, it takes the unit for ended.
    await own.systemd.handOver(child.pid)
    child.close()
    return child.pid
  }
  await child.kill()
  const why =
    heardFailure(line)?.message ??
    (heard === 'late' ? `it did not take over within ${takeOverMs / 1000} s` : 'it ended too early')
  throw new TorchError('restart-failed', `${newFailed}: ${why}`, {
    hint: `see the end of ${own.paths.log}`,
  })
}

/** Puts everything on disk; afterwards no timer of this daemon touches a run. */
function saveAll(daemon: Daemon): void {
  const { runs, runContext, faults, queue, pauses, tickClock, history, notifications } = daemon
  for (const run of runs.remains()) killRun(runContext, run)
  faults.close()
  queue.saveSoon()
  queue.saveNow()
  pauses.save()
  tickClock.save()
  saveLoaded(daemon)
  saveTotals(daemon)
  // BEFORE the history is closed: it forgets the runs about which nothing was sent yet.
  notifications.save()
  letGo(daemon)
  history.close()
}

/**
 * Leaves the runs alone from now on: they have no timers here, and their ends are not recorded here.
 * Whoever recovers them, in this process or another, finds everything on disk.
 */
export function letGo({ phase, runContext, daemonTasks, queue, runs }: Daemon): void {
  phase.enter('gone')
  runContext.recorders.dismissAll()
  daemonTasks.cancelTimers()
  queue.cancelTimers()
  for (const run of [...runs.all(), ...runs.remains()]) handOver(run)
}
