import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { Protocol, RequestName } from '../../src/control/protocol.ts'
import type { PlainAnswers } from '../../src/control/server.ts'
import { newRequestQueue } from '../../src/daemon/control/request-queue.ts'
import { letGo } from '../../src/daemon/handover.ts'
import { type LifecycleEnd, runLifecycle } from '../../src/daemon/lifecycle.ts'
import { openHome } from '../../src/daemon/startup/open-home.ts'
import type { Daemon, DaemonProcess } from '../../src/daemon/state.ts'
import { openSystemd } from '../../src/daemon/systemd.ts'
import { loadTasks } from '../../src/daemon/tasks-file/load.ts'
import { newReload, type ReloadCause } from '../../src/daemon/tasks-file/reload.ts'
import type { EngineConnection } from '../../src/daemon/fleet/fleet.ts'
import type { Engine } from '../../src/fleet/engine.ts'
import type { FleetSettings } from '../../src/fleet/settings.ts'
import type { Link } from '../../src/fleet/nats/connect.ts'
import type { Clock } from '../../src/host/clock.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import { newTaskSockets } from '../../src/run/task-sockets.ts'
import { signalRun } from '../../src/run/process-group.ts'
import { pollMs } from '../../src/run/watch.ts'
import { until } from './until.ts'
import { type HandClock, handClock } from './clock.ts'

const up: Link = {
  ...{ state: 'up', sinceMs: 0, server: 'memory', version: '', warning: null, lastError: null },
}
const noon = '2026-03-10T12:00:00.000Z'

/** What a daemon logged. */
interface Line {
  readonly event: string
  readonly words: string
  readonly facts: object
}

interface SiteOptions {
  readonly at?: string
  readonly addresses?: string[]
  /** Several machines have the same clock. */
  readonly clock?: HandClock
  /** What is different from this machine. */
  readonly host?: Partial<Host>
  readonly engine?: Engine
  /** What machines say to each other, and the rows that they keep for each other; without it, nobody hears anything. */
  readonly talk?: Talk
  readonly fleet?: FleetSettings
  /** Prints what runs print. */
  readonly output?: 'text' | 'json'
}

type Talk = Pick<EngineConnection, 'rows' | 'exchange'>

const noTalk: Talk = {
  rows: {
    put: async () => ({ kind: 'silent', words: 'no rows here' }),
    read: async () => ({ kind: 'silent', words: 'no rows here' }),
  },
  exchange: {
    listen: () => () => {},
    publish() {},
    request: async () => ({ kind: 'nobody' }),
    newInbox: () => 're.nobody',
  },
}

/**
 * A home with a tasks file, and daemons that live on it as the real ones do (lifecycle.ts). The test
 * moves their clock; runs are real processes. Nobody listens on the control socket.
 */
export function newSite(yaml: string, options: SiteOptions = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-site-'))
  const tasks = path.join(folder, 'tasks.yaml')
  const home = path.join(folder, 'home')
  fs.writeFileSync(tasks, yaml)
  // With retries: what the daemon began to write, it may still write.
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  const clock = options.clock ?? handClock(options.at ?? noon)
  const addresses = options.addresses ?? ['10.0.0.1']
  let killPrevious = (): void => {}

  /** A daemon that is ready; the previous one is killed first. */
  async function daemon(changes: Partial<Host> = {}) {
    killPrevious()
    let isKilled = false
    const host: Host = {
      ...{ ...thisMachine(), watchFolder: async () => async () => {}, ...options.host, ...changes },
      clock: mortal(changes.clock ?? clock, () => isKilled),
    }
    const lines: Line[] = []
    const own = processOf(host, { ...options, home, tasks, addresses }, lines)
    const loaded = await loadTasks(host, tasks)
    const { file } = loaded
    if (file === undefined) throw new Error(loaded.problems.map((each) => each.message).join('\n'))
    const { ready, ended } = live(own, { ...loaded, file })
    const running = await ready
    /** As kill -9: from now on the daemon does nothing. Its runs continue. */
    const kill = (): void => {
      if (isKilled) return
      isKilled = true
      if (running.phase.now !== 'gone') letGo(running)
    }
    killPrevious = kill
    onTestFinished(() => killRuns(running, kill))
    return { state: running, lines, kill, ended, ...handles(running, own) }
  }

  function handles(running: Daemon, own: DaemonProcess) {
    const reload = newReload(running)
    return {
      /** Moves on second by second. */
      seconds(count: number) {
        for (let second = 0; second < count; second++) clock.advance(1000)
      },
      reload,
      edit(text: string, cause: ReloadCause = 'command') {
        fs.writeFileSync(tasks, text)
        return reload(cause)
      },
      ask<N extends RequestName>(name: N, request: Protocol[N]['request']) {
        const answers: PlainAnswers = own.requests.answers
        return answers[name](request)
      },
      stop: (graceMs: number | null, leave = false) =>
        own.requests.answers.stop({ graceMs, leave }),
      running: (task: string) => running.runs.of(task).map((run) => run.description.run),
      /** Waits for the end of a run whose recorder was killed: only a poll by the clock sees it. */
      polledEnd: (task: string) =>
        until(() => {
          if (running.runs.of(task).length > 0) clock.advance(pollMs)
          return running.runs.of(task).length === 0
        }, `the end of ${task}`),
      /** Waits until a task has that many runs. */
      runs: (task: string, count: number) =>
        until(() => running.runs.of(task).length === count, `${count} runs of ${task}`),
      /** Waits until each run of a task has reached its command: it is not torn away at its start. */
      begun: (task: string) =>
        until(
          () =>
            running.runs
              .of(task)
              .every((run) => fs.existsSync(path.join(run.directory, 'command'))),
          `${task} to begin`,
        ),
      /** All rows of the history, in order, as `task outcome reason`. */
      history(): string[] {
        return rows(running).map((row) =>
          [row.task, row.outcome, row.reason].filter((word) => word !== null).join(' '),
        )
      },
      rows: () => rows(running),
    }
  }

  return { folder, tasks, home, clock, daemon }
}

/** Lives until it is stopped; `ready` is the daemon once it is ready. */
function live(own: DaemonProcess, loaded: Parameters<typeof runLifecycle>[1]) {
  let ended: Promise<LifecycleEnd> | undefined
  const ready = new Promise<Daemon>((resolve, reject) => {
    ended = runLifecycle(own, loaded, undefined, (_, daemon) => resolve(daemon))
    ended.catch(reject)
  })
  return { ready, ended }
}

/** What a daemon process holds, without a control socket, signals and systemd. */
function processOf(
  host: Host,
  given: Pick<SiteOptions, 'engine' | 'talk' | 'fleet' | 'output'> &
    Pick<DaemonProcess['settings'], 'home' | 'tasks' | 'addresses'>,
  lines: Line[],
): DaemonProcess {
  const say = (event: string, facts: object, words: string) =>
    void lines.push({ event, facts, words })
  return {
    host,
    settings: {
      ...{ home: given.home, tasks: given.tasks, addresses: given.addresses, fleet: given.fleet },
      graceMs: 1000,
      foreground: false,
      pretty: false,
      logLevel: 'info',
      output: given.output,
      cache: path.join(path.dirname(given.home), 'cache'),
      version: '0.0.0',
    },
    environment: {},
    script: '',
    paths: openHome(host, given.home),
    lock: { descriptor: -1, renew: () => 'held', release() {} },
    log: { info: say, warn: say, error: say, reopen: () => undefined, close() {} },
    systemd: openSystemd(host, {}),
    signals: { handle() {}, stopSignal: () => undefined },
    requests: newRequestQueue(),
    server: { descriptor: undefined, close: async () => {}, leave() {}, handOver: async () => {} },
    sockets: newTaskSockets(host, (facts, words) => say('listen', facts, words)),
    connection: given.engine && {
      ...{ engine: given.engine, link: () => up, awayMs: () => 0, ...(given.talk ?? noTalk) },
      describe: async () => ({
        kind: 'engine',
        engine: { servers: ['db1', 'db2', 'db3'], leader: 'db1', copies: 3 },
      }),
    },
  }
}

/** A clock whose timers die with the daemon. */
function mortal(clock: Clock, isDead: () => boolean): Clock {
  return {
    ...clock,
    after: (ms, callback) =>
      clock.after(ms, () => {
        if (!isDead()) callback()
      }),
  }
}

function rows(daemon: Daemon): HistoryRow[] {
  daemon.history.flush()
  const reader = readHistory(daemon.paths.history)
  const found = reader.rows({ limit: 1000 })
  reader.close()
  return found
}

/** What a test leaves running is killed, by the group that we know to be ours. */
function killRuns(daemon: Daemon, kill: () => void): void {
  const runs = [...daemon.runs.all(), ...daemon.runs.remains()]
  kill()
  // What still comes must not make the folder again that the test removes.
  daemon.scripts.close()
  for (const run of runs) signalRun(daemon.host, run, 'SIGKILL')
  daemon.history.close()
}
