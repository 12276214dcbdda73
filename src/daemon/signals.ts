import { messageOf } from '../errors.ts'
import type { Signal } from '../host/processes.ts'
import type { Log } from '../record/log.ts'
import type { RequestQueue } from './control/request-queue.ts'
import type { Systemd } from './systemd.ts'
import type { Reload } from './tasks-file/reload.ts'

/** What the daemon does at each signal. */
interface SignalActions {
  /** TERM, INT. */
  stop(): void
  /** USR2. */
  reload(): void
  /** HUP: logrotate has renamed the log. */
  reopenLog(): void
  /** USR1: without a handler Node would open its debugger. */
  dumpState(): void
}

export interface Signals {
  /** Does this from now on, also for the signals that were caught before. */
  handle(actions: SignalActions): void
  /** The first signal to stop; undefined if none came. */
  stopSignal(): 'SIGTERM' | 'SIGINT' | undefined
}

/** Signals that would end a process that does not catch them, and what the daemon does at each. */
const harmless = { SIGUSR2: 'reload', SIGHUP: 'reopenLog', SIGUSR1: 'dumpState' } as const

/** What was asked for before catchSignals() was called. */
const held = new Set<keyof SignalActions>()
const hold = Object.entries(harmless).map(
  ([name, action]) => [name, () => void held.add(action)] as const,
)

/**
 * Keeps the signals that ask a daemon for something, from now on and until catchSignals(): bin/torch.js
 * calls this before it loads the program. Node itself needs some 50 ms before that, in which a signal
 * still ends it.
 * @public bin/torch.js is not compiled, so no tool sees this use.
 */
export function holdSignals(): void {
  for (const [name, keep] of hold) process.on(name, keep)
}

/**
 * Catches signals from the first moment of the daemon on: what comes before it is ready is kept, each
 * kind once, and handled as soon as possible.
 */
export function catchSignals(): Signals {
  let actions: SignalActions | undefined
  const early = new Set(held)
  const act = (name: keyof SignalActions) => (): void => {
    if (actions === undefined) early.add(name)
    else actions[name]()
  }
  let stopSignal: 'SIGTERM' | 'SIGINT' | undefined
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.on(name, () => {
      stopSignal ??= name
      act('stop')()
    })
  for (const [name, action] of Object.entries(harmless)) process.on(name, act(action))
  // AFTER the new handlers are there: without any, the next signal would end the process.
  for (const [name, keep] of hold) process.off(name, keep)
  return {
    handle(given) {
      actions = given
      for (const name of early) given[name]()
      early.clear()
    },
    stopSignal: () => stopSignal,
  }
}

interface SignalParts {
  readonly signals: Signals
  readonly requests: RequestQueue
  readonly systemd: Systemd
  readonly log: Log
}

/**
 * Lets signals do what the commands do. The function that it returns settles when every stop that was
 * requested until then has reached whoever has the home.
 */
export function handleSignals(
  { signals, requests, systemd, log }: SignalParts,
  actions: {
    readonly reload: Reload
    readonly dumpState: () => void
    /** What systemctl status shows. */
    readonly statusText: () => string
  },
): () => Promise<unknown> {
  const stops: Promise<void>[] = []
  const reload = async (): Promise<void> => {
    await systemd.reloading()
    await actions.reload('signal')
    await systemd.ready(actions.statusText())
  }
  // Through the request queue: a stop that comes during a handover is for whoever has the home then.
  const stop = async (): Promise<void> => {
    try {
      await requests.answers.stop({ graceMs: null, leave: false })
    } catch (error) {
      log.error(
        'trouble',
        {},
        `the stop could not be passed on to the next daemon: ${messageOf(error)}`,
      )
    }
  }
  signals.handle({
    stop: () => void stops.push(stop()),
    reload: () => void reload(),
    reopenLog: () => void log.reopen(),
    dumpState: actions.dumpState,
  })
  return () => Promise.all(stops)
}

/**
 * Calls `act` at INT, TERM, HUP and QUIT, in place of what they usually do, until the returned function
 * is called: a command that waits for a run passes them on to it.
 */
export function interceptSignals(act: (signal: Signal) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
  for (const signal of signals) process.on(signal, act)
  return () => {
    for (const signal of signals) process.off(signal, act)
  }
}

/**
 * Calls `leave` before Ctrl-Z suspends this process, which waits for it, and `enter` when it continues;
 * until the returned function is called.
 */
export function aroundStops(leave: () => Promise<void>, enter: () => void): () => void {
  // SIGSTOP cannot be caught: it does what TSTP would have done.
  const stop = (): void => void leave().then(() => process.kill(process.pid, 'SIGSTOP'))
  process.on('SIGTSTP', stop)
  process.on('SIGCONT', enter)
  return () => {
    process.off('SIGTSTP', stop)
    process.off('SIGCONT', enter)
  }
}
