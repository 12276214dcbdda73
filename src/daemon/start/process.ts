import type { ControlServer } from '../../control/server.ts'
import type { Channel } from '../../host/daemon-child.ts'
import type { Host } from '../../host/host.ts'
import type { Lock } from '../../host/lock.ts'
import type { Log } from '../../record/log.ts'
import type { Desk } from '../control/request-queue.ts'
import type { HomePaths, Settings } from '../settings.ts'
import type { Signals } from '../signals.ts'
import type { NotifyEnvironment, Systemd } from '../systemd.ts'

/** What a daemon process holds as long as it lives, whether its home is in its hands or not. */
export interface Seat {
  readonly host: Host
  readonly settings: Settings
  readonly environment: NotifyEnvironment
  /** What is run for the next daemon, with the word `daemon` and the settings. */
  readonly script: string
  readonly paths: HomePaths
  readonly lock: Lock
  readonly log: Log
  readonly systemd: Systemd
  readonly signals: Signals
  readonly desk: Desk
  readonly server: ControlServer
}

/** What a daemon needs to begin. */
export interface Beginning {
  readonly host: Host
  readonly settings: Settings
  readonly environment: NotifyEnvironment
  readonly script: string
  /** To the daemon before, where this one takes over from it. */
  readonly predecessor: Channel | undefined
}
