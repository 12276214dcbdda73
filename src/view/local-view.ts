import { askDaemon } from '../control/client.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { TorchError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { HostFacts } from '../tasks/hosts.ts'
import { offlineStatus } from './offline-status.ts'
import type { SeenStatus, View } from './view.ts'

/** A home on this machine, for a user who may read its files. */
export interface LocalHome {
  readonly host: Host
  readonly paths: HomePaths
  /** This machine as `hosts` sees it. */
  readonly facts: () => HostFacts
  /** The tasks file of the last daemon, or the one to read without a daemon. */
  readonly tasksFile: () => { readonly shown: string; readonly absolute: string }
}

/** How long the daemon may take for a status. */
const statusMs = 5_000
/** Without a daemon the files are read again after this time: 2,000 tasks take some 100 ms. */
const offlineMs = 10_000

/** Sees a home through its control socket, and through its files. */
export function localView(home: LocalHome): View {
  const { host, paths } = home
  let offline: { readonly report: SeenStatus['report']; readonly untilMs: number } | undefined
  const readFiles = async (): Promise<SeenStatus['report']> => {
    const now = host.clock.monotonic()
    if (offline === undefined || now >= offline.untilMs) {
      const found = { host, paths, facts: home.facts(), file: home.tasksFile() }
      offline = { report: await offlineStatus(found, () => {}), untilMs: now + offlineMs }
    }
    return offline.report
  }
  return {
    async status() {
      try {
        const report = await askDaemon(paths.socket, 'status', {}, { timeoutMs: statusMs })
        offline = undefined
        return { report, isSilent: false }
      } catch (error) {
        const code = error instanceof TorchError ? error.code : undefined
        const isSilent = code === 'daemon-silent'
        if (code !== 'no-daemon' && code !== 'daemon-gone' && !isSilent) throw error
        return { report: await readFiles(), isSilent }
      }
    },
  }
}
