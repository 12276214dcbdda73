import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newPhase } from '../../../src/daemon/phase.ts'
import { homePaths } from '../../../src/daemon/settings.ts'
import { newStartQueue, readPending } from '../../../src/daemon/starts/start-queue.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newFaults } from '../../../src/run/faults.ts'
import { handClock } from '../../support/clock.ts'
import { aStart } from '../../support/plan.ts'

/** A queue in a home of its own, and what the next daemon would find in that home. */
function newQueue() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-queue-'))
  onTestFinished(() => fs.rmSync(home, { recursive: true }))
  const clock = handClock('2026-03-10T12:00:00.000Z')
  const host = { ...thisMachine(), clock }
  const paths = homePaths(home)
  const faults = newFaults(clock, () => {})
  const queue = newStartQueue({
    ...{ host, paths, faults, phase: newPhase(), restarts: new Map(), mustGo: new Set() },
  })
  return { queue, clock, waitingOnDisk: () => readPending(host, paths).waiting }
}

test('a waiting start is on disk 10 ms after it begins to wait', () => {
  const { queue, clock, waitingOnDisk } = newQueue()
  queue.wait(aStart)
  expect(waitingOnDisk()).toEqual([])
  clock.advance(10)
  expect(waitingOnDisk()).toEqual([aStart])
})

test.each([
  { way: 'taken out', take: ({ queue }: ReturnType<typeof newQueue>) => queue.takeWaiting('job') },
  { way: 'dropped', take: ({ queue }: ReturnType<typeof newQueue>) => queue.drop(() => true) },
])('a start that is $way stays on disk until its caller has dealt with it', ({ take }) => {
  const made = newQueue()
  const { queue, waitingOnDisk } = made
  queue.wait(aStart)
  queue.saveNow()
  expect([take(made)].flat()).toEqual([aStart])
  queue.saveNow()
  expect(waitingOnDisk()).toEqual([aStart])
  queue.saveSoon()
  queue.saveNow()
  expect(waitingOnDisk()).toEqual([])
})
