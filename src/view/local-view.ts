import path from 'node:path'
import { askDaemon } from '../control/client.ts'
import type { HomePaths } from '../daemon/settings.ts'
import { TorchError } from '../errors.ts'
import { followEvents } from '../follow/events.ts'
import { readOutputPart } from '../follow/output-part.ts'
import { rowInHistory } from '../follow/run-end.ts'
import type { Host } from '../host/host.ts'
import { ownUsage } from '../host/process-usage.ts'
import { readHistoryPage } from '../record/history/history-page.ts'
import { openLookBack } from '../record/history/look-back.ts'
import type { HostFacts } from '../tasks/hosts.ts'
import { definitionHere } from './definition.ts'
import { fileChangeReader } from './file-change.ts'
import { heardEvents } from './heard-events.ts'
import { rowPage } from './row-pages.ts'
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
  const past = openLookBack(paths.history)
  const readFiles = offlineReader(home)
  return {
    async status() {
      try {
        const report = await askDaemon(paths.socket, 'status', {}, { timeoutMs: statusMs })
        return { report, isSilent: false }
      } catch (error) {
        if (!isUnanswered(error)) throw error
        const isSilent = error instanceof TorchError && error.code === 'daemon-silent'
        return { report: await readFiles(), isSilent }
      }
    },
    follow(signal) {
      const events = followEvents({ clock: host.clock, socket: paths.socket, signal })
      return heardEvents(host.clock, events, signal)
    },
    recent: async (tasks, limit) => past.recent(tasks, limit),
    failingSince: async (tasks) => past.failingSince(tasks),
    countsSince: async (sinceMs) => past.countsSince(sinceMs),
    between: async (window, limits) => past.between(window, limits),
    page: (filter) => rowPage(async (step) => readHistoryPage(paths.history, step), filter),
    run: (idOrPrefix) => rowInHistory({ host, paths }, idOrPrefix),
    output: ({ task, run }, from, maxBytes) =>
      readOutputPart(host, path.join(paths.runs, task, run), from, maxBytes),
    definition: (task) => definitionHere(home, task),
    fileChange: fileChangeReader(home),
    metrics: () => metricsHere(home),
    start: (request) => askDaemon(paths.socket, 'run', request),
    kill: (request) => askDaemon(paths.socket, 'kill', request),
    pause: (request) => askDaemon(paths.socket, 'pause', request),
    resume: (request) => askDaemon(paths.socket, 'resume', request),
  }
}

/** What the daemon counts or, without an answer, what the files say. The library is loaded when it is used. */
async function metricsHere(home: LocalHome): Promise<string> {
  const { host, paths } = home
  const { metricsText } = await import('../metrics/metrics-text.ts')
  let facts: Parameters<typeof metricsText>[0]
  try {
    facts = await askDaemon(paths.socket, 'metrics', {}, { timeoutMs: statusMs })
  } catch (error) {
    if (!isUnanswered(error)) throw error
    const { offlineMetrics } = await import('./offline-metrics.ts')
    const files = { host, paths, facts: home.facts(), file: home.tasksFile() }
    facts = await offlineMetrics(files, () => {})
  }
  return metricsText(facts, ownUsage())
}

/** No daemon runs, or it does not answer. */
function isUnanswered(error: unknown): boolean {
  const code = error instanceof TorchError ? error.code : undefined
  return code === 'no-daemon' || code === 'daemon-gone' || code === 'daemon-silent'
}

/** The status from the files, which is kept for a while. What reads them is loaded when it is needed: it takes 20 MB. */
function offlineReader(home: LocalHome): () => Promise<SeenStatus['report']> {
  const { host, paths } = home
  let kept: { readonly report: SeenStatus['report']; readonly untilMs: number } | undefined
  return async () => {
    const now = host.clock.monotonic()
    if (kept === undefined || now >= kept.untilMs) {
      const { offlineStatus } = await import('./offline-status.ts')
      const found = { host, paths, facts: home.facts(), file: home.tasksFile() }
      kept = { report: await offlineStatus(found, () => {}), untilMs: now + offlineMs }
    }
    return kept.report
  }
}
