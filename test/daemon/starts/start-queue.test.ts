import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newPhase } from '../../../src/daemon/phase.ts'
import { homePaths } from '../../../src/daemon/settings.ts'
import { newStartQueue, readPending } from '../../../src/daemon/starts/start-queue.ts'
import { thisMachine } from '../../../src/host/host.ts'
import type { Start } from '../../../src/plan/admit.ts'
import { newFaults } from '../../../src/run/faults.ts'
import { handClock } from '../../support/clock.ts'

const start: Start = {
  task: 'job',
  slot: 100,
  trigger: 'schedule',
  attempt: 1,
  dueMs: undefined,
}

/** A queue in a home of its own, and what the next daemon would find in that home. */
function newQueue() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-queue-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true }))
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const host = { ...thisMachine(), clock }
  const paths = homePaths(home)
  const faults = newFaults(clock, () => {})
  const queue = newStartQueue({ host, paths, faults, phase: newPhase(), restarts: new Map() })
  return { queue, clock, waitingOnDisk: () => readPending(host, paths).waiting }
}

test('a waiting start is on disk 10 ms after it begins to wait', () => {
  const { queue, clock, waitingOnDisk } = newQueue()
  queue.wait(start)
  expect(waitingOnDisk()).toEqual([])
  clock.advance(10)
  expect(waitingOnDisk()).toEqual([start])
})

test.each([
  { way: 'taken out', take: ({ queue }: ReturnType<typeof newQueue>) => queue.takeWaiting('job') },
  { way: 'dropped', take: ({ queue }: ReturnType<typeof newQueue>) => queue.drop(() => true) },
])('a start that is $way stays on disk until its caller has dealt with it', ({ take }) => {
  const made = newQueue()
  const { queue, waitingOnDisk } = made
  queue.wait(start)
  queue.saveNow()
  expect([take(made)].flat()).toEqual([start])
  queue.saveNow()
  expect(waitingOnDisk()).toEqual([start])
  queue.saveSoon()
  queue.saveNow()
  expect(waitingOnDisk()).toEqual([])
})
