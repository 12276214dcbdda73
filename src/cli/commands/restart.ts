import { startDetached } from '../../daemon/detach.ts'
import type { Settings } from '../../daemon/settings.ts'
import { exitStatus, TorchError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'
import { statusIfRuns } from '../ask.ts'
import type { Command } from '../command.ts'
import { daemonSettings } from '../daemon-settings.ts'
import { showStarted } from '../started.ts'
import { stopDaemon } from '../stopping.ts'
import { goodTasks } from '../tasks-file.ts'
import { tasksPath } from '../tasks-path.ts'
import { failsToStart } from './start.ts'

export const restart: Command = {
  words: '',
  mostWords: 0,
  leastWords: 0,
  options: ['address', 'grace', 'log-level'],
  about: `Stops the daemon and starts it again, with the same tasks file and addresses unless others
are named. Where none runs it is started. The tasks file is checked before: while it is
bad nothing is stopped.`,
  examples: [
    ['restart', 'after an upgrade of torch'],
    ['restart --grace 5m', 'with time for what runs'],
  ],
  async run(call, values) {
    const status = await statusIfRuns(call)
    const before = status?.daemon ? settingsOf(call.host, status.daemon.pid) : undefined
    const tasks = tasksPath(call, values, status?.file.path)
    const settings = daemonSettings(call, values, tasks, before)
    await goodTasks(call, tasks)
    const graceMs = call.from.grace === 'flag' ? (values.grace ?? null) : null
    if (status !== undefined) await stopDaemon(call, { graceMs, leave: false })
    const ready = await failsToStart(startDetached(call.host, settings, call.script, ['daemon']))
    await showStarted(call, values, settings, ready)
    return exitStatus.done
  },
}

/** A daemon in the background has its settings as its last word; one in the foreground has not. */
function settingsOf(host: Host, pid: number): Settings {
  const words = (host.files.readText(`/proc/${pid}/cmdline`) ?? '').split('\0')
  const at = words.indexOf('daemon')
  if (at !== -1) return JSON.parse(words[at + 1] ?? '{}') as Settings
  throw new TorchError('in-foreground', `the daemon, pid ${pid}, runs in the foreground`, {
    hint: 'restart it where it was started, as with: systemctl restart torch',
  })
}
