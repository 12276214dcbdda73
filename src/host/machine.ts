import { realAccounts } from './accounts.ts'
import { wallClock } from './clock.ts'
import { diskFiles } from './files.ts'
import type { Host } from './host.ts'
import { realNetwork } from './network.ts'
import { realProcesses } from './processes.ts'
import { watchFolder, watchNames } from './watch.ts'
import { inWorker } from './worker.ts'

/** The machine that this process runs on. */
export function thisMachine(): Host {
  return {
    clock: wallClock,
    files: diskFiles,
    processes: realProcesses,
    network: realNetwork,
    accounts: realAccounts,
    watchFolder,
    watchNames,
    inWorker,
  }
}
