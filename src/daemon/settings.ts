import path from 'node:path'

/** What a daemon is started with: flags over variables over config file, all checked. */
export interface Settings {
  readonly home: string
  /** Absolute: a file, or a directory of them. */
  readonly tasks: string
  /** In place of the detected addresses; empty: detect. */
  readonly addresses: readonly string[]
  readonly graceMs: number
  /** Log to stdout, and not to daemon.log. */
  readonly foreground: boolean
  /** The log is for a person at a terminal. */
  readonly pretty: boolean
  readonly logLevel: string
  readonly version: string
}

/** Where the things of a home lie. */
export interface HomePaths {
  readonly home: string
  readonly pidfile: string
  readonly lock: string
  readonly socket: string
  readonly log: string
  readonly runs: string
  readonly active: string
  readonly history: string
  /** The last second done. */
  readonly slots: string
  /** What was loaded, and in which boot @reboot was served. */
  readonly loaded: string
  readonly boot: string
  /** Which tasks file the last daemon had, for `torch status` without one. */
  readonly tasksPath: string
  /** What is still to start: retries, what waits for a place. */
  readonly pending: string
}

/** The paths of a home. */
export function homePaths(home: string): HomePaths {
  const at = (name: string) => path.join(home, name)
  return {
    home,
    pidfile: at('torch.pid'),
    lock: at('torch.lock'),
    socket: at('torch.sock'),
    log: at('daemon.log'),
    runs: at('runs'),
    active: at('active'),
    history: at('history.db'),
    slots: at('slots'),
    loaded: at('loaded.json'),
    boot: at('boot'),
    tasksPath: at('tasks-path'),
    pending: at('pending.json'),
  }
}
