import { awaitsStatus, endRun, killRun } from '../run/end.ts'
import { signalRun } from '../run/process-group.ts'
import { counted } from '../text/plural.ts'
import { newDeferred } from './deferred.ts'
import type { Daemon } from './state.ts'
import { skipPending } from './starts/request-start.ts'

/** How often the daemon checks whether everything that it waits for is gone. */
const checkMs = 20

/** A request to stop, by a signal or by `torch stop`. */
interface StopRequest {
  /** null: the grace of the daemon's settings. */
  readonly graceMs: number | null
  /** What runs is left to the next daemon. */
  readonly leave: boolean
}

/**
 * How long a stop waits, after the grace, for recorders that have no room for their status. They keep
 * waiting for room, and the next daemon takes the status up.
 */
const statusWaitMs = 5_000

export interface Stop {
  /** The one way to stop, whoever asks. A second request ends the grace, or leaves what still runs. */
  request(request: StopRequest): void
  /** Settles at the first request. */
  readonly requested: Promise<'stop'>
  /** Settles when nothing runs any more, or what runs is left. Never without a request. */
  readonly done: Promise<void>
}

/** Nothing new starts; what runs gets its grace, then TERM, then KILL. */
export function newStop(daemon: Daemon): Stop {
  const { clock } = daemon
  const requested = newDeferred<'stop'>()
  const done = newDeferred<void>()
  let graceEnds: number | undefined

  function request({ graceMs, leave }: StopRequest): void {
    if (graceEnds === undefined) {
      const options = { graceMs: graceMs ?? daemon.settings.graceMs, leave }
      graceEnds = clock.monotonic() + options.graceMs
      beginStop(daemon, options)
      requested.resolve('stop')
      check()
      return
    }
    if (leave && daemon.phase.now === 'draining') daemon.phase.enter('leaving')
    // The grace can become shorter, not longer.
    if (!leave) graceEnds = Math.min(graceEnds, clock.monotonic() + (graceMs ?? 0))
  }

  function check(): void {
    if (daemon.phase.now === 'leaving') return done.resolve()
    const graceIsOver = clock.monotonic() >= (graceEnds ?? 0)
    const isPatient = clock.monotonic() < (graceEnds ?? 0) + statusWaitMs
    let isGone = false
    daemon.faults.attempt('end runs', () => {
      endRuns(daemon, graceIsOver)
      isGone = isAllGone(daemon, isPatient)
    })
    if (isGone) done.resolve()
    else clock.after(checkMs, check)
  }

  return { request, requested: requested.promise, done: done.promise }
}

function isAllGone({ host, runs }: Daemon, isPatient: boolean): boolean {
  const running = runs.all()
  if (runs.remains().length > 0) return false
  return isPatient ? running.length === 0 : running.every((run) => awaitsStatus(host, run))
}

interface StopOptions {
  readonly graceMs: number
  readonly leave: boolean
}

function beginStop(daemon: Daemon, options: StopOptions): void {
  const { phase, daemonTasks, runContext, runs, log } = daemon
  // What is left continues under the next daemon, and so does everything that it has still to start.
  phase.enter(options.leave ? 'leaving' : 'draining')
  // Other machines need not wait for this one.
  daemon.fleet?.membership.beat()
  if (!options.leave) skipPending(daemon, () => 'draining')
  daemonTasks.cancelTimers()
  runContext.recorders.dismissAll()
  const running = runs.all().length
  log.info('stop', { ...options, running }, stopText(running, options))
}

function stopText(running: number, { graceMs, leave }: StopOptions): string {
  const runs = counted(running, 'run')
  if (leave) return `stopping; ${runs} left running`
  return `stopping; ${runs} running, which may end within ${graceMs / 1000} s`
}

function endRuns({ host, runs, runContext }: Daemon, graceIsOver: boolean): void {
  const running = runs.all()
  const ends = runsToEnd(
    running.map((run) => ({
      run: run.description.run,
      type: run.description.type,
      ending: run.state.kind === 'ending',
    })),
    graceIsOver,
  )
  for (const run of running) if (ends.includes(run.description.run)) endRun(runContext, run, 'stop')
  for (const run of runs.remains()) {
    if (signalRun(host, run, 0)) continue
    killRun(runContext, run)
    runs.forgetRemains(run)
  }
}

/**
 * Which runs get TERM now: runs of daemon tasks at once, all others when the grace is over. Each run
 * gets KILL after its own kill_after.
 */
export function runsToEnd(
  runs: readonly {
    readonly run: string
    readonly type: 'common' | 'daemon' | 'manual'
    readonly ending: boolean
  }[],
  graceIsOver: boolean,
): string[] {
  return runs
    .filter(({ type, ending }) => !ending && (type === 'daemon' || graceIsOver))
    .map(({ run }) => run)
}
