import type { Host } from '../../host/host.ts'
import { openForLog } from '../../record/line-file.ts'
import { openHome } from './open-home.ts'
import { hearReady, type Ready } from './ready.ts'
import type { Settings } from '../settings.ts'

/**
 * Starts a daemon in the background and comes back when it is ready, or throws why it is not.
 * `script` is what runs it, with the word `daemon` and the settings.
 */
export async function startDetached(
  host: Host,
  settings: Settings,
  script: string,
): Promise<Ready> {
  const paths = openHome(host, settings.home)
  const log = openForLog(() => host.files.openAppend(paths.log))
  try {
    const args = [script, 'daemon', JSON.stringify(settings)]
    const child = host.processes.spawnDaemon({
      args,
      outputs: [log, log],
      descriptors: [],
      env: {},
    })
    try {
      return await hearReady(child, paths.log)
    } finally {
      child.close()
    }
  } finally {
    host.files.close(log)
  }
}
