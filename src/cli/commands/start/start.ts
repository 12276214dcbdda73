import { startDetached } from '../../../daemon/start/start-detached.ts'
import { exitStatus, TorchError } from '../../../errors.ts'
import { counted } from '../../../text/plural.ts'
import { ask } from '../../daemon/ask.ts'
import { tasksPath } from '../../daemon/tasks-file.ts'
import type { Call } from '../../command.ts'
import type { Values } from '../../args/options.ts'
import { daemonSettings } from '../../daemon/daemon-settings.ts'
import { showStarted } from './started.ts'

export async function start(call: Call, values: Values): Promise<number> {
  const tasks = tasksPath(call, values, undefined)
  const settings = daemonSettings(call, values, tasks)
  if (settings.foreground) {
    call.terminal.outlive()
    const { runForeground } = await import('../../daemon/run-daemon.ts')
    await failsToStart(
      call,
      runForeground(call.host, settings, call.script, () => {}),
    )
    return exitStatus.done
  }
  const ready = await failsToStart(call, startDetached(call.host, settings, call.script))
  await showStarted(call, values, settings, ready)
  return exitStatus.done
}

/** A start that fails has the exit status 1, whatever kept it. */
async function failsToStart<T>(call: Call, starting: Promise<T>): Promise<T> {
  try {
    return await starting
  } catch (error) {
    if (!(error instanceof TorchError)) throw error
    const known = error.code === 'already-running' ? await stoppingOne(call) : undefined
    const { code, message, hint, details } = known ?? error
    throw new TorchError(code, message, { details, cause: error, ...(hint && { hint }) })
  }
}

/** Where the daemon that has the home is about to leave it. */
async function stoppingOne(call: Call): Promise<TorchError | undefined> {
  const status = await ask(call, 'status', {}, 'informative', { warn: () => {} })
  if (typeof status !== 'object' || status.daemon?.state !== 'draining') return undefined
  const runs = status.tasks.flatMap((task) => task.running).length
  const waits = runs === 0 ? '' : `, and waits for ${counted(runs, 'run')}`
  const who = `the torch daemon of ${call.paths.home}, pid ${status.daemon.pid},`
  return new TorchError('stopping', `${who} is stopping${waits}`, {
    hint: 'start again when it is gone; torch stop ends the grace of what runs, and waits for it',
  })
}
