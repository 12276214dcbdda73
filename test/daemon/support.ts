import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import { beginAgenda, newTorch, startFirst } from '../../src/daemon/start/begin.ts'
import { openHome } from '../../src/daemon/start/open-home.ts'
import { letGo } from '../../src/daemon/handover/let-go.ts'
import { loadTasks } from '../../src/daemon/tasks-file/load.ts'
import { writeKnown, writeSlots } from '../../src/daemon/recovery/saved-state.ts'
import { recover } from '../../src/daemon/recovery/recover-runs.ts'
import { makeReload, type ReloadCause } from '../../src/daemon/tasks-file/reload.ts'
import { tick } from '../../src/daemon/starts/ticker.ts'
import type { Torch } from '../../src/daemon/state.ts'
import { type Host, thisMachine } from '../../src/host/host.ts'
import type { HistoryRow } from '../../src/plan/history-row.ts'
import { readHistory } from '../../src/record/history/read-history.ts'
import { signalRun } from '../../src/run/end.ts'
import { handOver } from '../../src/run/live-run.ts'
import { handClock } from '../support/clock.ts'
import { until } from '../run/support.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0).toReversed()) clean()
})

const noon = '2026-03-10T12:00:00.000Z'

/** A home with a tasks file, and daemons on it whose clock is moved by hand; runs are real. */
export function newSite(yaml: string, options: { at?: string; addresses?: string[] } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-site-'))
  const tasks = path.join(folder, 'tasks.yaml')
  const home = path.join(folder, 'home')
  fs.writeFileSync(tasks, yaml)
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }))
  const clock = handClock(options.at ?? noon)
  const addresses = options.addresses ?? ['10.0.0.1']

  /** A daemon that has begun; the one before it is as if it had been killed. */
  let before: Torch | undefined
  async function daemon(changes: Partial<Host> = {}) {
    if (before !== undefined) letGo(before)
    const host: Host = { ...thisMachine(), clock, ...changes }
    const paths = openHome(host, home)
    const loaded = await loadTasks(host, tasks)
    if (loaded.file === undefined)
      throw new Error(loaded.problems.map((each) => each.message).join('\n'))
    const lines: { event: string; words: string; facts: object }[] = []
    const say = (event: string, facts: object, words: string) =>
      void lines.push({ event, facts, words })
    const log = { info: say, warn: say, error: say, reopen() {}, flush() {}, close() {} }
    const settings = {
      home,
      tasks,
      addresses,
      graceMs: 1000,
      foreground: false,
      pretty: false,
      logLevel: 'info',
      version: '0.0.0',
    }
    const torch = newTorch(host, settings, paths, log, { ...loaded, file: loaded.file })
    before = torch
    recover(torch)
    beginAgenda(torch)
    startFirst(torch)
    tick(torch, true)
    writeSlots(torch)
    writeKnown(torch)
    cleanups.push(() => leave(torch))
    return { torch, lines, ...handles(torch) }
  }

  function handles(torch: Torch) {
    const reload = makeReload(torch)
    return {
      /** Moves on second by second, with a tick in each. */
      seconds(count: number) {
        for (let second = 0; second < count; second++) {
          clock.advance(1000)
          tick(torch, false)
        }
      },
      tick: () => tick(torch, false),
      reload,
      edit(text: string, cause: ReloadCause = 'command') {
        fs.writeFileSync(tasks, text)
        return reload(cause)
      },
      running: (task: string) => (torch.runs.get(task) ?? []).map((run) => run.description.run),
      /** Waits until so many runs of a task are there. */
      runs: (task: string, count: number) =>
        until(() => (torch.runs.get(task)?.length ?? 0) === count, `${count} runs of ${task}`),
      /** Waits until each run of a task is at its command: not torn away in its first moments. */
      begun: (task: string) =>
        until(
          () =>
            torch.runs
              .get(task)
              ?.every((run) => fs.existsSync(path.join(run.directory, 'command'))),
          `${task} to begin`,
        ),
      /** All rows of the history, in order, as `task outcome reason`. */
      history(): string[] {
        return rows(torch).map((row) =>
          [row.task, row.outcome, row.reason].filter((word) => word !== null).join(' '),
        )
      },
      rows: () => rows(torch),
    }
  }

  function rows(torch: Torch): HistoryRow[] {
    torch.history.flush()
    const reader = readHistory(torch.paths.history)
    const found = reader.rows({ limit: 1000 })
    reader.close()
    return found
  }

  return { folder, tasks, home, clock, daemon }
}

/** What a test leaves running is killed, by the group that we know to be ours. */
function leave(torch: Torch): void {
  for (const runs of torch.runs.values()) {
    for (const run of runs) {
      signalRun(torch.host, run, 'SIGKILL')
      handOver(run)
    }
  }
  torch.history.close()
}

export { until }
