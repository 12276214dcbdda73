import { type Accounts, realAccounts } from './accounts.ts'
import { type Clock, wallClock } from './clock.ts'
import { diskFiles, type Files } from './files.ts'
import { type StartHelper, startHelper } from './helper.ts'
import { type WatchFolder, watchFolder, type WatchNames, watchNames } from './folder-watch.ts'
import { type ListeningSockets, realSockets } from './listening-sockets.ts'
import { type Notify, notify } from './notify.ts'
import { type NamedPipes, namedPipes } from './named-pipes.ts'
import { type Network, realNetwork } from './network.ts'
import { type Processes, realProcesses } from './processes.ts'
import { type OpenStandardOutput, openStandardOutput } from './standard-output.ts'
import { inWorker, type InWorker } from './worker.ts'

/**
 * The machine as torch sees it. All code that reads the clock or touches files, processes and the network
 * goes through it, so tests can pass a clock that they move by hand, or files that fail.
 */
export interface Host {
  readonly clock: Clock
  readonly files: Files
  readonly processes: Processes
  readonly network: Network
  readonly sockets: ListeningSockets
  readonly accounts: Accounts
  readonly watchFolder: WatchFolder
  readonly watchNames: WatchNames
  readonly inWorker: InWorker
  readonly startHelper: StartHelper
  readonly notify: Notify
  readonly pipes: NamedPipes
  readonly openStandardOutput: OpenStandardOutput
}

/** The machine that this process runs on. */
export function thisMachine(): Host {
  return {
    clock: wallClock,
    files: diskFiles,
    processes: realProcesses,
    network: realNetwork,
    sockets: realSockets,
    accounts: realAccounts,
    watchFolder,
    watchNames,
    inWorker,
    startHelper,
    notify,
    pipes: namedPipes,
    openStandardOutput,
  }
}
