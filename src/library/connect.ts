import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import { runTimeout } from '../control/run-timeout.ts'
import { defaultHome, homePaths } from '../daemon/settings.ts'
import type { HomeFiles } from '../follow/kept-runs.ts'
import { thisMachine } from '../host/host.ts'
import type { ConnectOptions, Torch } from './api.ts'
import { checkedOptions, checkedTask, usageError } from './arguments.ts'
import { findRun, followRuns, livingRuns } from './find-runs.ts'
import { openRun } from './open-run.ts'
import { sendMessages } from './send-messages.ts'

/*
 * What `import ... from 'torchd'` gives. The types in the files that are named here are a contract with
 * the programs that use them.
 */
export { type ErrorCode, TorchError } from '../errors.ts'
export type { StatusReport } from '../control/status-report.ts'
export type { RunEnd, RunEvent, RunLine, RunStart } from '../follow/run-event.ts'
export type { HistoryRow, Outcome, Trigger } from '../plan/history-row.ts'
export type * from './api.ts'

/**
 * Opens a home: its tasks can be started, and its runs talked to, listened to and ended. Nothing is
 * asked yet, so this works before the daemon starts. Throws a TorchError `usage` if `home` is not a path.
 */
export function connect(options: ConnectOptions = {}): Torch {
  const files = homeFiles(checkedOptions(options, ['home']).home)
  const { socket } = files.paths
  return {
    home: files.paths.home,
    async run(task, runOptions = {}) {
      const { force = false } = checkedOptions(runOptions, ['force'])
      const request = { task: checkedTask(task), force }
      const limit = runTimeout(await askDaemon(socket, 'status', {}), task)
      const { run } = await askDaemon(socket, 'run', request, limit)
      return openRun(files, { task, run })
    },
    attach: async (id) => openRun(files, await findRun(files, id)),
    runs: async (tasks) => livingRuns(files, tasks).map((run) => openRun(files, run)),
    follow: (tasks, followOptions = {}) =>
      followRuns(files, tasks, checkedOptions(followOptions, ['signal']).signal),
    send: (task, ...texts) => sendMessages(files, task, texts),
    status: () => askDaemon(socket, 'status', {}),
  }
}

function homeFiles(given: unknown): HomeFiles {
  const host = thisMachine()
  const home = given ?? (process.env['TORCH_HOME'] || defaultHome(host))
  if (typeof home !== 'string' || home === '')
    throw usageError(
      'home must be the path of a folder',
      "for example connect({ home: '/var/lib/torch' }), or connect() for the home of TORCH_HOME",
    )
  return { host, paths: homePaths(path.resolve(home)) }
}
