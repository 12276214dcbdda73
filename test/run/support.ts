import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { type Host, thisMachine } from '../../src/host/host.ts'
import type { Start } from '../../src/plan/admit.ts'
import { activeFolder } from '../../src/run/active.ts'
import { type RunConclusion } from '../../src/run/directory.ts'
import { signalRun } from '../../src/run/process-group.ts'
import { newFaults } from '../../src/run/faults.ts'
import { launchRun, newRunContext } from '../../src/run/launch.ts'
import { handOver, type LiveRun, type RunContext } from '../../src/run/live-run.ts'
import { outputWhole } from '../../src/run/output.ts'
import type { Task } from '../../src/tasks/task.ts'
import { aStart, aTask } from '../support/plan.ts'
import { until } from '../support/until.ts'

export interface Bench {
  readonly home: string
  readonly context: RunContext
  readonly troubles: string[]
  start(task: Partial<Task>, start?: Partial<Start>): LiveRun
  /** Settles when the directory of a run notes its command, just before that is executed. */
  begun(run: LiveRun): Promise<void>
  /** Settles with the conclusion of a run when the run has ended. */
  ended(run: LiveRun): Promise<RunConclusion>
  output(run: LiveRun): string
}

/** A home in which a test can launch runs. Runs that are left at the end of the test are killed. */
export function newBench(host: Host = thisMachine()): Bench {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-run-'))
  fs.mkdirSync(activeFolder(home))
  const runs: LiveRun[] = []
  const conclusions = new Map<string, RunConclusion>()
  const waiting = new Map<string, (conclusion: RunConclusion) => void>()
  const troubles: string[] = []
  const context = newRunContext({
    host,
    home,
    hostName: 'host',
    onEnd(run, conclusion) {
      conclusions.set(run.description.run, conclusion)
      waiting.get(run.description.run)?.(conclusion)
    },
    onTrouble: (_, words) => troubles.push(words),
    faults: newFaults(host.clock, (words) => troubles.push(words)),
  })
  onTestFinished(() => {
    for (const run of runs) {
      signalRun(host, run, 'SIGKILL')
      handOver(run)
    }
    fs.rmSync(home, { recursive: true, force: true })
  })
  return {
    home,
    context,
    troubles,
    start(task, start) {
      const order = {
        task: aTask(task),
        start: { ...aStart, ...start },
        revision: null,
        restartDelayMs: 0,
      }
      const run = launchRun(context, order)
      runs.push(run)
      return run
    },
    async begun(run) {
      await until(() => fs.existsSync(path.join(run.directory, 'command')), 'the command')
    },
    ended: (run) =>
      new Promise<RunConclusion>((resolve) => {
        const known = conclusions.get(run.description.run)
        if (known === undefined) waiting.set(run.description.run, resolve)
        else resolve(known)
      }).then(async (conclusion) => {
        await outputWhole(thisMachine(), run, Date.now())
        return conclusion
      }),
    output: (run) => fs.readFileSync(path.join(run.directory, 'output'), 'utf8'),
  }
}
