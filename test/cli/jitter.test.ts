import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { NextRow } from '../../src/cli/commands/next/show-next.ts'
import { jitterOf } from '../../src/text/hash.ts'
import { newHome, plainAnswers, serve, taskStatus } from '../support/control.ts'
import { handClock } from '../support/clock.ts'
import { torchHere } from '../support/here.ts'

const host = {
  clock: handClock('2026-03-08T07:00:05Z'),
  network: { name: () => 'web1', addresses: () => ['10.0.1.5'] },
}
const yaml = `
tasks:
  spread: { schedule: "@hourly", command: x, jitter: 30m }
  plain: { schedule: "1 * * * *", command: x }
`
const jitterMs = jitterOf('spread', 'web1', 30 * 60_000)

/** Runs commands in a home whose daemon reports `next` as the next slot of `spread`. */
async function served(next: string) {
  const home = newHome()
  const file = path.join(home, 'tasks.yaml')
  fs.writeFileSync(file, yaml)
  const tasks = [
    taskStatus({ name: 'spread', next, jitterMs }),
    taskStatus({ name: 'plain', next: '2026-03-08T07:01:00Z' }),
  ]
  const status = await plainAnswers.status({})
  const startedAt = '2026-03-08T07:00:00Z'
  const daemon = { pid: 1, version: '0', startedAt, state: 'running' as const }
  const report = { ...status, daemon, file: { ...status.file, path: file }, tasks }
  await serve({ status: () => report }, home)
  return (...words: string[]) => torchHere([...words, '--home', home], { host })
}

const started = new Date(Date.UTC(2026, 2, 8, 7) + jitterMs).toISOString().slice(0, 19)

test('torch status shows when a task starts, with its jitter', async () => {
  const torch = await served('2026-03-08T07:00:00Z')
  const { stdout } = await torch('status')
  expect(stdout).toMatch(new RegExp(`spread  common  in [\\w.]+  +${started}[+]00:00\\n`))
})

test('torch next shows when a task starts, with its jitter', async () => {
  const torch = await served('2026-03-08T07:00:00Z')
  const { stdout } = await torch('next', 'spread')
  expect(stdout).toMatch(new RegExp(`\\n${started}[+]00:00  in [\\w.]+ +spread  jitter `))
})

test('torch next shows a past slot that waits for its jitter in the daemon', async () => {
  const slots = async (next: string, ...words: string[]) => {
    const { stdout } = await (await served(next))('next', 'spread', '--json', ...words)
    return (JSON.parse(stdout) as NextRow[]).map(({ at }) => at?.slice(11, 16))
  }
  expect(await slots('2026-03-08T07:00:00Z', '--count', '2')).toEqual(['07:00', '08:00'])
  expect(await slots('2026-03-08T08:00:00Z', '--count', '2')).toEqual(['08:00', '09:00'])
  const from = ['--from', '2026-03-08T07:00:05Z', '--count', '1']
  expect(await slots('2026-03-08T07:00:00Z', ...from)).toEqual(['08:00'])
  // The schedule in the file has no such slot.
  expect(await slots('2026-03-08T07:00:03Z', '--count', '1')).toEqual(['08:00'])
})
