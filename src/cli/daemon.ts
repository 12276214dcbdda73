import { type Ready, runDaemon } from '../daemon/daemon.ts'
import { type ReadyLine, readyError } from '../daemon/detach.ts'
import type { Settings } from '../daemon/settings.ts'
import type { NotifyEnvironment } from '../daemon/systemd.ts'
import { exitStatus, TorchError, wordsOf } from '../errors.ts'
import type { Host } from '../host/host.ts'

/** The descriptor that the starting command listens on. */
const starterDescriptor = 3

/**
 * The daemon of `torch start` in the background: `text` is its settings as JSON. Says on
 * descriptor 3 that it is ready, or why it is not. Gives the exit status.
 */
export async function runDetached(host: Host, text: string): Promise<number> {
  host.processes.closeInherited([starterDescriptor])
  let isReady = false
  const say = (line: ReadyLine): void => host.processes.answerStarter(JSON.stringify(line))
  try {
    await runDaemon(host, JSON.parse(text) as Settings, takeNotify(host), (ready) => {
      isReady = true
      say({ ok: true, ready })
    })
    return exitStatus.done
  } catch (error) {
    // Standard error is the daemon's log.
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    if (isReady) return exitStatus.failed
    const known = error instanceof TorchError ? error : new TorchError('internal', wordsOf(error))
    say(readyError(known))
    return known.exit
  }
}

/** The daemon in this process: for systemd, containers, and people who watch. */
export async function runForeground(
  host: Host,
  settings: Settings,
  onReady: (ready: Ready) => void,
): Promise<void> {
  host.processes.closeInherited([])
  await runDaemon(host, settings, takeNotify(host), onReady)
}

/** What systemd gave us; taken out of the environment, so that nothing else answers to it. */
function takeNotify(host: Host): NotifyEnvironment {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete process.env[name]
  const isOurs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(host.processes.pid)
  return { NOTIFY_SOCKET, WATCHDOG_USEC: isOurs ? WATCHDOG_USEC : undefined }
}
