import { runDaemon } from '../../daemon/main.ts'
import { failureLine, type Ready, readyLine } from '../../daemon/startup/start-detached.ts'
import type { Settings } from '../../daemon/settings.ts'
import { firstTaskSocket, inherited, isNextDaemon } from '../../daemon/handover.ts'
import type { NotifyEnvironment } from '../../daemon/systemd.ts'
import { exitStatus, TorchError, messageOf } from '../../errors.ts'
import { starterDescriptor } from '../../host/daemon-child.ts'
import type { Host } from '../../host/host.ts'

/**
 * The daemon of `torch start` in the background, and of `torch restart` if `role` says that it is the
 * next daemon. `text` is its settings as JSON. It says on its channel that it is ready, or why not.
 * Returns the exit status.
 */
export async function runDetached(
  host: Host,
  version: string,
  script: string,
  [text = '', role]: readonly (string | undefined)[],
): Promise<number> {
  const isNext = isNextDaemon(role)
  // The next daemon may be of a newer version than the daemon that wrote the settings.
  const settings = { ...(JSON.parse(text) as Settings), version }
  const taskSockets = (settings.sockets ?? []).map((_, at) => firstTaskSocket + at)
  const fromPrevious = isNext ? [...Object.values(inherited), ...taskSockets] : []
  host.processes.closeInherited([starterDescriptor, ...fromPrevious])
  const starter = host.processes.starterChannel()
  let isReady = false
  try {
    const start = { host, settings, script, environment: takeNotify(host) }
    await runDaemon({ ...start, previous: isNext ? starter : undefined }, (ready) => {
      isReady = true
      starter.say(readyLine(ready))
      starter.close()
    })
    return exitStatus.done
  } catch (error) {
    // The starter reports an expected error. Standard error is the log of the home, which may belong to
    // a running daemon, so only unexpected errors go there.
    if (isReady || !(error instanceof TorchError))
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    if (isReady) return exitStatus.failed
    const known = error instanceof TorchError ? error : new TorchError('internal', messageOf(error))
    starter.say(failureLine(known))
    return known.exit
  }
}

/** Runs the daemon in this process: for systemd, containers, and people who watch it. */
export async function runForeground(
  host: Host,
  settings: Settings,
  script: string,
  onReady: (ready: Ready) => void,
): Promise<void> {
  host.processes.closeInherited([])
  const environment = takeNotify(host)
  await runDaemon({ host, settings, script, environment, previous: undefined }, onReady)
}

/** Takes what systemd gave us out of the environment, so that no child process answers to it. */
function takeNotify(host: Host): NotifyEnvironment {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete process.env[name]
  const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(host.processes.pid)
  return { NOTIFY_SOCKET, WATCHDOG_USEC: isOurs ? WATCHDOG_USEC : undefined }
}
