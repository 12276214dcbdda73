import path from 'node:path'
import type { Host } from '../host/host.ts'
import { isAlive, parseStat, type ProcessIdentity } from '../host/processes.ts'
import { defaultPath } from '../run/environment.ts'
import type { Faults } from '../run/faults.ts'
import { recorderShell } from '../run/recorder.ts'
import { scriptArguments } from '../run/recorder-script.ts'
import { guardScript } from './guard-script.ts'

/** What the guard must know of a run: see guard-script.ts. */
interface FencedRun {
  /** The recorder, which leads the group of the run. */
  readonly recorder: ProcessIdentity
  readonly killAfterMs: number
  /** When the run must end, in milliseconds of /proc/uptime. */
  readonly untilMs: number
  readonly directory: string
}

/** The guard of a home: it ends runs whose fence is over, also while no daemon works. */
export interface Guard {
  /** Notes when a run must end, in place of what was noted before. Starts the guard if it does not run. */
  note(run: FencedRun): void
}

interface GuardParts {
  readonly host: Host
  readonly home: string
  readonly faults: Faults
}

export function newGuard({ host, home, faults }: GuardParts): Guard {
  const folder = path.join(home, 'fence')
  const running = (): boolean => {
    const guard = parseStat(host.files.readText(path.join(folder, 'guard')))
    return guard !== undefined && isAlive(host, guard)
  }
  return {
    note({ recorder, killAfterMs, untilMs, directory }) {
      faults.attempt('tell the guard when runs must end', () => {
        host.files.makeDirectory(folder)
        const [killAfter = 0, until = 0] = [killAfterMs, untilMs].map((ms) => Math.ceil(ms / 1000))
        const text = `${recorder.startTicks} ${killAfter} ${until}\n${directory}\n`
        host.files.replace(path.join(folder, String(recorder.pid)), text, { sync: false })
        if (!running()) startGuard(host, folder)
      })
    },
  }
}

/** It is in a session of its own, and outlives the daemon. */
function startGuard({ processes }: Host, folder: string): void {
  const started = processes.spawnGroup({
    program: recorderShell,
    args: scriptArguments('TORCH_GUARD', ['guard', folder]),
    env: { TORCH_GUARD: guardScript, PATH: defaultPath },
    cwd: '/',
    stdin: 'line',
    onExit() {},
    onFailure(error) {
      throw error
    },
  })
  started?.dismiss()
}
