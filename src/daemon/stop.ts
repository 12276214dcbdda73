import { endRun, killRun, signalRun } from '../run/end.ts'
import { dropPending } from './starts/request-start.ts'
import type { Torch } from './state.ts'

/** How often it looks whether all is gone that it waits for. */
const lookMs = 20

/** How the daemon is told to stop: by a signal, with its own grace, or by a command. */
export interface StopRequest {
  /** null: the daemon's own. */
  readonly graceMs: number | null
  readonly leave: boolean
}

/** The one way to stop, whoever asks; a second request ends the grace. */
export function makeStop(torch: Torch): {
  ask(request: StopRequest): void
  asked: Promise<'stop'>
  done(): Promise<void>
} {
  let stopping: Stopping | undefined
  let sayAsked = (): void => {}
  const asked = new Promise<'stop'>((resolve) => {
    sayAsked = () => resolve('stop')
  })
  return {
    ask({ graceMs, leave }) {
      if (stopping !== undefined) return leave ? stopping.leave() : stopping.hurry(graceMs ?? 0)
      stopping = beginStop(torch, { graceMs: graceMs ?? torch.settings.graceMs, leave })
      sayAsked()
    },
    asked,
    done: async () => stopping?.done,
  }
}

interface Stopping {
  /** Over when nothing runs any more, or what runs is left to the next daemon. */
  readonly done: Promise<void>
  /** Another request: the grace can become shorter, not longer. */
  hurry(graceMs: number): void
  /** What still runs, and was not told to end, is left to the next daemon after all. */
  leave(): void
}

/** Nothing new starts, what runs gets its grace, then TERM, then KILL. */
function beginStop(torch: Torch, options: { graceMs: number; leave: boolean }): Stopping {
  const { clock } = torch.host
  // What is left running goes on with the next daemon, and so does what it has still to do.
  torch.phase = options.leave ? 'leaving' : 'draining'
  if (!options.leave) dropPending(torch, () => 'draining')
  for (const cancel of torch.wakes.values()) cancel()
  torch.wakes.clear()
  torch.room.recorders.dismissAll()
  torch.log.info('stop', { ...options, running: running(torch).length }, stopWords(torch, options))
  let isLeaving = options.leave
  let graceEnds = clock.monotonic() + options.graceMs
  const done = new Promise<void>((resolve) => {
    const look = (): void => {
      if (isLeaving) return resolve()
      torch.faults.attempt('end runs', () => step(torch, clock.monotonic() >= graceEnds))
      if (running(torch).length === 0 && torch.remains.size === 0) resolve()
      else clock.after(lookMs, look)
    }
    look()
  })
  return {
    done,
    hurry(graceMs) {
      graceEnds = Math.min(graceEnds, clock.monotonic() + graceMs)
    },
    leave() {
      isLeaving = true
      torch.phase = 'leaving'
    },
  }
}

function step(torch: Torch, graceIsOver: boolean): void {
  const runs = running(torch)
  const ends = runsToEnd(
    runs.map((run) => ({
      run: run.description.run,
      type: run.description.type,
      ending: run.state.kind === 'ending',
    })),
    graceIsOver,
  )
  for (const run of runs) if (ends.includes(run.description.run)) endRun(torch.room, run, 'stop')
  for (const run of torch.remains) {
    if (signalRun(torch.host, run, 0)) continue
    killRun(torch.room, run)
    torch.remains.delete(run)
  }
}

/**
 * Which runs get TERM now: runs of daemon tasks at once, all others when the grace is over. Each run
 * gets KILL after its own kill_after.
 */
export function runsToEnd(
  runs: readonly {
    readonly run: string
    readonly type: 'common' | 'daemon'
    readonly ending: boolean
  }[],
  graceIsOver: boolean,
): string[] {
  return runs
    .filter(({ type, ending }) => !ending && (type === 'daemon' || graceIsOver))
    .map(({ run }) => run)
}

function running(torch: Torch) {
  return [...torch.runs.values()].flat()
}

function stopWords(torch: Torch, options: { graceMs: number; leave: boolean }): string {
  const count = running(torch).length
  if (options.leave) return `stopping; ${count} runs are left running`
  return `stopping; ${count} runs have ${options.graceMs / 1000} s to end`
}
