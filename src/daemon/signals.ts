import type { Signal } from '../host/processes.ts'

/** What the daemon does when it is signalled. */
interface SignalActions {
  /** TERM, INT. */
  stop(): void
  /** USR2. */
  reload(): void
  /** HUP. */
  reopenLog(): void
  /** USR1: without a handler Node would open its debugger. */
  dumpState(): void
}

export interface Signals {
  /** From now on these are done, and what was asked before. */
  obey(actions: SignalActions): void
  /** Whether a stop was asked for and nobody obeys yet. */
  stopAsked(): boolean
}

/**
 * Takes the signals from the first moment on: what comes before the daemon is ready is kept, each
 * kind once, and done as soon as it can be.
 */
export function catchSignals(): Signals {
  let actions: SignalActions | undefined
  const early = new Set<keyof SignalActions>()
  const act = (name: keyof SignalActions) => (): void => {
    if (actions === undefined) early.add(name)
    else actions[name]()
  }
  process.on('SIGTERM', act('stop'))
  process.on('SIGINT', act('stop'))
  process.on('SIGUSR2', act('reload'))
  process.on('SIGHUP', act('reopenLog'))
  process.on('SIGUSR1', act('dumpState'))
  return {
    obey(given) {
      actions = given
      for (const name of early) given[name]()
      early.clear()
    },
    stopAsked: () => early.has('stop'),
  }
}

/**
 * Gives INT, TERM, HUP and QUIT to `act`, in place of what they usually do, until what it returns
 * is called: a command that attends a run passes them on.
 */
export function interceptSignals(act: (signal: Signal) => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
  for (const signal of signals) process.on(signal, act)
  return () => {
    for (const signal of signals) process.off(signal, act)
  }
}

/**
 * Calls `leave` before Ctrl-Z stops this process, which waits for it, and `enter` when it goes on;
 * until what it returns is called.
 */
export function aroundStops(leave: () => Promise<void>, enter: () => void): () => void {
  // SIGSTOP cannot be caught, and so does what TSTP would have done.
  const stop = (): void => void leave().then(() => process.kill(process.pid, 'SIGSTOP'))
  process.on('SIGTSTP', stop)
  process.on('SIGCONT', enter)
  return () => {
    process.off('SIGTSTP', stop)
    process.off('SIGCONT', enter)
  }
}
