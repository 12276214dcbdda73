import { askDaemon } from '../control/client.ts'
import type { Protocol, RequestName } from '../control/protocol.ts'
import type { StatusReport } from '../control/status-report.ts'
import { TorchError } from '../errors.ts'
import { followEvents } from '../follow/events.ts'
import type { Host } from '../host/host.ts'
import { ownUsage } from '../host/process-usage.ts'
import type { PageFilter } from '../record/history/history-page.ts'
import { askedDefinition, askedOutput, type Asking, pastByPages } from './asking-view.ts'
import { heardEvents } from './heard-events.ts'
import { rowPage } from './row-pages.ts'
import type { SeenStatus, View } from './view.ts'

/** A home of another user: only its view socket can be reached. */
export interface ViewedHome {
  readonly host: Host
  readonly paths: { readonly viewSocket: string }
}

/** How long the daemon may take for one answer. */
const answerMs = 5_000
/** The most bytes of one answer. */
const maxOutputBytes = 256 * 1024

/**
 * Sees a home through its view socket alone. It knows less than who may read the files: nothing while no
 * daemon runs but what it was before, and nothing of git.
 */
export function socketView({ host, paths: { viewSocket } }: ViewedHome): View {
  const ask = <N extends RequestName>(name: N, request: Protocol[N]['request']) =>
    askDaemon(viewSocket, name, request, { timeoutMs: answerMs })
  const asking: Asking = {
    history: (request) => ask('history', request),
    output: (request) => ask('output', request),
    status: (request) => ask('status', request),
  }
  const page = (filter: PageFilter) => rowPage(asking.history, filter)
  return {
    status: statusReader(host, () => asking.status({})),
    follow(signal) {
      const events = followEvents({ clock: host.clock, socket: viewSocket, signal })
      return heardEvents(host.clock, events, signal)
    },
    ...pastByPages(page),
    page,
    run: async (run) => (await asking.history({ run })).rows[0],
    output: (run, from, bytes) => askedOutput(asking, run, { from, bytes }, maxOutputBytes),
    definition: (task) => askedDefinition(asking, task),
    // The tasks file and its copy belong to another user.
    fileChange: async () => null,
    async metrics() {
      const { metricsText } = await import('../metrics/metrics-text.ts')
      return metricsText(await ask('metrics', {}), ownUsage())
    },
    start: notAllowed,
    kill: notAllowed,
    pause: notAllowed,
    resume: notAllowed,
  }
}

/** While no daemon answers, the last status without a daemon. */
function statusReader(host: Host, ask: () => Promise<StatusReport>): () => Promise<SeenStatus> {
  let last: StatusReport | undefined
  return async () => {
    try {
      last = await ask()
      return { report: last, isSilent: false }
    } catch (error) {
      const code = error instanceof TorchError ? error.code : undefined
      const isSilent = code === 'daemon-silent'
      if (code !== 'no-daemon' && code !== 'daemon-gone' && !isSilent) throw error
      return { report: { ...withoutDaemon(last ?? unknownHome(host)), ended: null }, isSilent }
    }
  }
}

/** What a daemon said before it ended. If it had refused a file, its tasks are those of the last good one. */
function withoutDaemon(last: StatusReport): StatusReport {
  const { file } = last
  const { loadedAt } = file
  const lastGood = !file.ok && loadedAt !== null ? { lastGoodAt: loadedAt } : {}
  return { ...last, daemon: null, file: { ...file, loadedAt: null, ...lastGood } }
}

function unknownHome({ network }: Host): StatusReport {
  return {
    daemon: null,
    host: { name: network.name(), addresses: network.addresses() },
    file: { path: '', revision: null, loadedAt: null, ok: true, problems: [] },
    tasks: [],
  }
}

function notAllowed(): Promise<never> {
  const message = 'this page reaches only the view socket, which lets nobody act'
  const hint = 'run torch web as the user of the daemon'
  return Promise.reject(new TorchError('not-allowed', message, { hint }))
}
