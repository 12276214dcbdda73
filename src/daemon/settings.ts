import path from 'node:path'
import type { FleetSettings } from '../fleet/settings.ts'
import type { Host } from '../host/host.ts'
import type { InheritedSocket } from '../run/task-sockets.ts'

/** What a daemon is started with: options, else variables, else the config file; all checked. */
export interface Settings {
  readonly home: string
  /** Absolute: a file, or a directory of them. */
  readonly tasks: string
  /** Used instead of the detected addresses; empty: they are detected. */
  readonly addresses: readonly string[]
  readonly graceMs: number
  /** The log goes to stdout, or with `output` to stderr, and not to daemon.log. */
  readonly foreground: boolean
  /** The log is formatted for a person at a terminal. */
  readonly pretty: boolean
  readonly logLevel: string
  /** What runs print goes to stdout too, in this form. Only in the foreground. Older daemons do not pass it on. */
  readonly output?: 'text' | 'json' | undefined
  /** Start on the copy of the last good tasks file if the file is bad. Older daemons do not pass it on. */
  readonly lastGood?: boolean
  /** Only for the next daemon: the sockets of tasks that it inherits, in the order of their descriptors. */
  readonly sockets?: readonly InheritedSocket[]
  /** The group whose members may look: they reach the view socket. Older daemons do not pass it on. */
  readonly viewGroup?: string | undefined
  /** Where scripts are kept; undefined: where torch keeps them by itself. Older daemons do not pass it on. */
  readonly cache?: string | undefined
  /** How this machine takes part in a fleet; undefined: it does not. Older daemons do not pass it on. */
  readonly fleet?: FleetSettings | undefined
  readonly version: string
}

/** The files and folders of a home. */
export interface HomePaths {
  readonly home: string
  readonly pidfile: string
  readonly lock: string
  readonly socket: string
  /** Where members of the view group ask. */
  readonly viewSocket: string
  readonly log: string
  readonly runs: string
  readonly active: string
  readonly history: string
  /** The last second done. */
  readonly slots: string
  /** The tasks that were loaded, and the boot in which @reboot tasks started. */
  readonly loaded: string
  readonly boot: string
  /** The path of the last daemon's tasks file, for `torch status` without a daemon. */
  readonly tasksPath: string
  /** Pending starts: retries, and starts that wait at max. */
  readonly pending: string
  /** The last daemon, and how it ended. */
  readonly daemonRecord: string
  /** A copy of the last tasks file that was loaded. */
  readonly lastGood: string
  /** Messages for tasks. */
  readonly inbox: string
  /** The counts for metrics, between one daemon and the next. */
  readonly totals: string
  /** Messages to people that are not sent yet. */
  readonly outbox: string
  /** What was sent about what. */
  readonly notify: string
  /** The places of daemon tasks in which nothing starts again. */
  readonly closedPlaces: string
  /** What somebody paused, and the slots that passed meanwhile. */
  readonly paused: string
  /** Which rows of the history the fleet has. */
  readonly sharedRows: string
}

/** The paths of a home. */
export function homePaths(home: string): HomePaths {
  const at = (name: string) => path.join(home, name)
  return {
    home,
    pidfile: at('torch.pid'),
    lock: at('torch.lock'),
    socket: at('torch.sock'),
    viewSocket: at('torch-view.sock'),
    log: at('daemon.log'),
    runs: at('runs'),
    active: at('active'),
    history: at('history.db'),
    slots: at('slots'),
    loaded: at('loaded.json'),
    boot: at('boot'),
    tasksPath: at('tasks-path'),
    pending: at('pending.json'),
    daemonRecord: at('daemon.json'),
    lastGood: at('last-good'),
    inbox: at('inbox'),
    totals: at('totals.json'),
    outbox: at('outbox'),
    notify: at('notify.json'),
    closedPlaces: at('closed-places.json'),
    paused: at('paused.json'),
    sharedRows: at('fleet-rows.json'),
  }
}

/** The home if nobody names one: that of the system for root, else the user's own. See the XDG Base Directory Specification. */
export function defaultHome({ processes, accounts }: Pick<Host, 'processes' | 'accounts'>): string {
  if (processes.uid === 0) return '/var/lib/torch'
  const state = process.env['XDG_STATE_HOME'] ?? ''
  const base = path.isAbsolute(state) ? state : path.join(accounts.self().home, '.local/state')
  return path.join(base, 'torch')
}
