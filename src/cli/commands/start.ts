import { startDetached } from '../../daemon/detach.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import type { Command } from '../command.ts'
import { daemonSettings } from '../daemon-settings.ts'
import { showStarted } from '../started.ts'
import { tasksPath } from '../tasks-path.ts'

export const start: Command = {
  words: '',
  mostWords: 0,
  leastWords: 0,
  options: ['foreground', 'address', 'grace', 'log-level'],
  about: `Starts the daemon in the background. Comes back when it is ready, or says why it is not
(exit status 1). One daemon runs for each home.`,
  examples: [
    ['start --tasks /srv/app/tasks.yaml', 'run the share of this host'],
    ['start --foreground', 'for systemd, containers, and to watch'],
    ['start --home /tmp/try --address 10.0.1.5', 'a second one, as another host'],
  ],
  async run(call, values) {
    const tasks = tasksPath(call, values, undefined)
    const settings = daemonSettings(call, values, tasks)
    if (settings.foreground) {
      call.terminal.outlive()
      const { runForeground } = await import('../daemon.ts')
      await failsToStart(runForeground(call.host, settings, call.script, () => {}))
      return exitStatus.done
    }
    const ready = await failsToStart(startDetached(call.host, settings, call.script))
    await showStarted(call, values, settings, ready)
    return exitStatus.done
  },
}

/** A start that fails has the exit status 1, whatever kept it. */
export async function failsToStart<T>(starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    const { code, message, hint, details } = error
    throw new TorchError(code, message, { details, cause: error, ...(hint && { hint }) })
  }
}
