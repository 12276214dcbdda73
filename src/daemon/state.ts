import { type EventStreams, newEventStreams } from '../control/event-streams.ts'
import { otherTasks } from '../control/metrics-report.ts'
import type { ControlServer } from '../control/server.ts'
import type { Clock } from '../host/clock.ts'
import type { Host } from '../host/host.ts'
import type { Lock } from '../host/lock.ts'
import { newNotifier, type Notifier } from '../notify/notifier.ts'
import { type Counters, newCounters } from '../record/counters.ts'
import type { History } from '../record/history/write-history.ts'
import { slotText } from '../record/history/rows.ts'
import { type Journal, newJournal } from '../record/journal.ts'
import type { Log } from '../record/log.ts'
import { maxCounted, newTotals, type Totals } from '../record/totals.ts'
import { newRunContext } from '../run/launch.ts'
import { newEventOrder } from '../run/order.ts'
import type { RunContext } from '../run/live-run.ts'
import { type Faults, newFaults } from '../run/faults.ts'
import type { TaskSockets } from '../run/task-sockets.ts'
import type { Scripts } from '../scripts/scripts.ts'
import { counted } from '../text/plural.ts'
import type { RequestQueue } from './control/request-queue.ts'
import { openDaemonHistory } from './open-history.ts'
import { newPhase, type Phase } from './phase.ts'
import type { EngineConnection, Fleet } from './fleet/fleet.ts'
import { joinFleet } from './fleet/join-fleet.ts'
import { newRowSharing, type RowSharing } from './fleet/share-rows.ts'
import { newOutputPrinter, type OutputPrinter } from './output/print-output.ts'
import type { HomePaths, Settings } from './settings.ts'
import type { Signals } from './signals.ts'
import { takeSavedTotals } from './recovery/saved-state.ts'
import { noteSkippedRetry } from './starts/start-after.ts'
import { type ClosedPlaces, newClosedPlaces } from './starts/closed-places.ts'
import { runEnded } from './starts/after-run.ts'
import { openDaemonScripts } from './starts/daemon-scripts.ts'
import { type DaemonTasks, keepInstances, newDaemonTasks, runReady } from './starts/daemon-tasks.ts'
import { type Messages, newMessages } from './starts/messages.ts'
import { newPauses, type Pauses } from './starts/pauses.ts'
import { newPoolSearches, type PoolSearches } from './starts/pools.ts'
import { socketsForRun } from './starts/replacement.ts'
import { newRunTable, type RunTable } from './starts/run-table.ts'
import { recordedPast } from './tasks-file/task-past.ts'
import { newStartQueue, type StartQueue } from './starts/start-queue.ts'
import { newTickClock, type TickClock } from './starts/tick-clock.ts'
import type { NotifyEnvironment, Systemd } from './systemd.ts'
import type { Loaded } from './tasks-file/load.ts'
import {
  type LoadedTasks,
  newTasksState,
  readHostFacts,
  type TasksState,
} from './tasks-file/tasks-state.ts'
import { statusLink } from './notify/message-of.ts'
import { newNotifications, type Notifications } from './notify/notifications.ts'
import { newOldRuns, type OldRuns } from './upkeep/old-runs.ts'
import { newOpenOutputs, type OpenOutputs } from './upkeep/open-outputs.ts'

/** What a daemon process holds as long as it lives, whether its home is in its hands or not. */
export interface DaemonProcess {
  readonly host: Host
  readonly settings: Settings
  readonly environment: NotifyEnvironment
  /** The program that is run as the next daemon, with the argument `daemon` and the settings. */
  readonly script: string
  readonly paths: HomePaths
  readonly lock: Lock
  readonly log: Log
  readonly systemd: Systemd
  readonly signals: Signals
  readonly requests: RequestQueue
  readonly server: ControlServer
  /** The sockets of tasks. They stay open while the home is handed over. */
  readonly sockets: TaskSockets
  /** To the engine of the fleet; undefined: this machine is in no fleet. */
  readonly connection: EngineConnection | undefined
}

/** What a daemon knows. Each part has one file, which holds the only functions that change it. */
interface DaemonState {
  /** Whether it works, stops, or has left its home. */
  readonly phase: Phase
  /** The tasks of the file, and what this host is. */
  readonly tasks: TasksState
  /** How far it has come in time, and what is due next. */
  readonly tickClock: TickClock
  /** What runs. */
  readonly runs: RunTable
  /** What has still to start. */
  readonly queue: StartQueue
  /** When the instances of daemon tasks are started again. */
  readonly daemonTasks: DaemonTasks
  /** What waits for the tasks with a queue. */
  readonly messages: Messages
  /** What somebody paused. */
  readonly pauses: Pauses
  /** The places of daemon tasks in which nothing starts again. */
  readonly closed: ClosedPlaces
  /** Which pools were searched for runs that have ended. */
  readonly poolSearches: PoolSearches
}

/** A daemon that has its home: its state, and what it acts with. Functions take the parts they need. */
export interface Daemon extends DaemonState {
  readonly host: Host
  readonly clock: Clock
  readonly settings: Settings
  readonly paths: HomePaths
  readonly startedMs: number
  readonly log: Log
  /** What the machine refuses for a while. */
  readonly faults: Faults
  readonly sockets: TaskSockets
  readonly history: History
  readonly counters: Counters
  readonly totals: Totals
  readonly journal: Journal
  /** Whoever follows what happens. */
  readonly events: EventStreams
  /** What all runs share. */
  readonly runContext: RunContext
  readonly oldRuns: OldRuns
  /** Decides who gets messages. */
  readonly notifications: Notifications
  /** Sends them. */
  readonly notifier: Notifier
  /** The scripts of tasks that come from a URL. */
  readonly scripts: Scripts
  /** The outputs that are written, also by what runs left behind. */
  readonly outputs: OpenOutputs
  /** Prints what runs print; undefined: it is only in the files. */
  readonly printer: OutputPrinter | undefined
  readonly fleet: Fleet | undefined
  /** To the engine of the fleet. */
  readonly connection: EngineConnection | undefined
  /** Gives rows of the history to the fleet. */
  readonly sharing: RowSharing | undefined
}

/** A daemon with an open history and nothing on its agenda yet. Nothing has started. */
export function createDaemon(
  { host, settings, paths, log, sockets, connection }: DaemonProcess,
  loaded: LoadedTasks,
  refused: Loaded | undefined,
): Daemon {
  const { clock } = host
  const faults = newFaults(clock, (words, isOver) => {
    if (isOver) log.info('trouble', {}, words)
    else log.error('trouble', {}, words)
  })
  const phase = newPhase()
  const tasks = newTasksState(readHostFacts(host, settings), loaded, refused)
  const tickClock = newTickClock({ host, paths, faults })
  const daemonTasks = newDaemonTasks(clock)
  const { restarts, mustGo } = daemonTasks
  const queue = newStartQueue({ host, paths, faults, phase, restarts, mustGo })
  // The history of a new home is rebuilt before there is anything to send.
  let sendDecided = (): void => {}
  const beforeForgotten = (): void => sendDecided()
  const history = openDaemonHistory({ host, paths, log, faults, queue, beforeForgotten })
  const { pasts, lastMs } = recordedPast({ paths, log }, [...tasks.all.keys()])
  const runs = newRunTable(pasts, tasks)
  const counters = newCounters()
  const totals = newTotals((others) => warnOfOthers(log, others))
  totals.setTasks(tasks.here.keys())
  takeSavedTotals({ host, paths, faults, totals })
  const hostName = tasks.facts.names[0] ?? host.network.name()
  const origin = () => ({ host: hostName, revision: tasks.loaded.revision })
  const order = newEventOrder(host, paths.home, lastMs)
  const events = newEventStreams({ clock, nextStarts: () => nextStarts(tickClock) })
  const notifier = newNotifier({
    ...{ host, hostName, folder: paths.outbox, faults, log },
    seeMore: () => statusLink({ host, ...paths, webUrl: tasks.loaded.file.notify.webUrl }),
  })
  const notifications = newNotifications({
    ...{ host, clock, paths, log, faults, phase, tasks, runs, queue, hostName, notifier },
  })
  sendDecided = notifications.flush
  const printer =
    settings.output &&
    newOutputPrinter({
      ...{ host, paths, log, runs, startedMs: clock.now(), form: settings.output },
    })
  const journal = newJournal({
    clock,
    history,
    log,
    counters,
    totals,
    origin,
    nextPlace: order.next,
    onRow(row) {
      runs.noteRow(row)
      events.row(row)
      printer?.noteRow(row)
      notifications.noteRow(row)
      sharing?.wake()
      if (row.reason === 'fence') daemon.fleet?.counts.noteFenced()
    },
    onSkip: (start) => noteSkippedRetry(daemon, start, clock.now()),
  })
  const sharing =
    connection && openSharing({ host, settings, paths, log, faults, tasks }, connection)
  const runContext = newRunContext({
    ...{ host, home: paths.home, hostName, faults, order, fleet: settings.fleet },
    onEnd: (run, conclusion) => runEnded(daemon, run, conclusion),
    socketsOf: (task) => socketsForRun(daemon, task),
    onReady: (run) => runReady(daemon, run),
    beforeStart: (run) => daemon.fleet?.beforeStart(run),
    onTrouble: ({ description: { task, run } }, words) => log.warn('trouble', { task, run }, words),
  })
  const scripts = openDaemonScripts({ host, settings, hostName, log, faults })
  const outputs = newOpenOutputs({
    ...{ faults, phase, runs, context: runContext },
    onEnd: (task) => daemon.oldRuns.removeSoon(task),
  })
  const daemon: Daemon = {
    ...{ host, clock, settings, paths, startedMs: clock.now(), log, faults, history, counters },
    ...{ totals, sockets },
    ...{ phase, tasks, tickClock, runs, queue, daemonTasks, journal, events, runContext },
    messages: newMessages({ host, paths, log }),
    pauses: newPauses({ host, paths, faults, phase }),
    closed: newClosedPlaces({ host, paths, faults }),
    poolSearches: newPoolSearches(clock),
    ...{ notifications, notifier, sharing, connection },
    scripts,
    outputs,
    fleet:
      connection &&
      joinFleet({
        ...{
          connection,
          version: settings.version,
          log,
          tasksPath: settings.tasks,
          host,
          paths,
          faults,
          runs,
          tasks,
          phase,
          runContext,
        },
        hostName: settings.fleet?.host ?? hostName,
        onMissed: journal.missed,
        keepInstances: (task) => keepInstances(daemon, task),
      }),
    printer,
    oldRuns: newOldRuns({
      ...{ host, paths, faults, phase, tasks, runs, queue, tickClock, outputs, printer },
    }),
  }
  return daemon
}

function openSharing(
  { host, settings, paths, log, faults, tasks }: SharingParts,
  { rows, link }: EngineConnection,
): RowSharing {
  return newRowSharing({
    ...{ clock: host.clock, files: host.files, faults, store: rows, link },
    ...{ history: paths.history, file: paths.sharedRows },
    share: settings.fleet?.share ?? 'problems',
    isOfFleet: (task) => tasks.all.get(task)?.fleet !== undefined,
    onDropped: (count) =>
      log.warn('trouble', {}, `the fleet lacks ${counted(count, 'row')}: too many were waiting`),
  })
}

function warnOfOthers(log: Log, others: number): void {
  const words = `metrics: ${counted(others, 'task')} of this host ${others === 1 ? 'has' : 'have'} no series`
  const most = `the first ${maxCounted.toLocaleString('en')} tasks have their own`
  log.warn('metrics', { others }, `${words} of their own and share "${otherTasks}": ${most}`)
}

/** As `next` of the status: the slot, without the jitter. */
function nextStarts({ tick }: TickClock): (task: string) => string | null {
  const slots = new Map(tick.agenda.heap.map(({ task, slot }) => [task, slot]))
  return (task) => slotText(slots.get(task) ?? null)
}

interface SharingParts extends Pick<Daemon, 'host' | 'settings' | 'paths' | 'log' | 'faults'> {
  readonly tasks: TasksState
}
