import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeSites } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  activeOf,
  begun,
  historyOf,
  killed,
  linesOf,
  readIfThere,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

const count = 300
// How long the recovery takes is measured by `npm run campaign -- recovery`.

test('300 runs survive the kill of their daemon: all are adopted, none starts twice, all ends are right', async () => {
  const names = Array.from({ length: count }, (_, index) => `job-${index}`)
  const lines = names.map(
    (name, index) =>
      `  ${name}: { schedule: "@yearly", command: "echo $TORCH_RUN_ID >>FOLDER/starts; read x <FOLDER/gate; exit ${index % 100}" }`,
  )
  const site = siteOf(`tasks:\n${lines.join('\n')}\n`)
  const { execFileSync } = await import('node:child_process')
  const gate = path.join(site.folder, 'gate')
  execFileSync('mkfifo', [gate])
  const { pid } = await up(site)
  for (const name of names) await begun(site, name)
  await until(() => linesOf(site, 'starts').length === count, `${count} starts`)

  await killed(pid)
  await up(site)
  const log = readIfThere(path.join(site.home, 'daemon.log')).split('\n')
  expect(log.filter((line) => line.includes('"event":"adopt"'))).toHaveLength(count)

  // Open for reading and writing: no reader waits for a writer. Once closed, every reader reads the end. Each run
  // reads one byte; a write to a full pipe would wait for ever.
  const { O_RDWR, O_NONBLOCK } = fs.constants
  const both = fs.openSync(gate, O_RDWR | O_NONBLOCK)
  fs.writeSync(both, '\n'.repeat(count))
  await until(() => activeOf(site).length === 0, 'the end of every run')
  fs.closeSync(both)
  await stopped(site)
  expect(linesOf(site, 'starts')).toHaveLength(count)
  const rows = await historyOf(site)
  const ends = new Map(rows.map(({ task, outcome, exitCode }) => [task, `${outcome} ${exitCode}`]))
  const expected = names.map((name, index): [string, string] => {
    const code = index % 100
    return [name, `${code === 0 ? 'ok' : 'failed'} ${code}`]
  })
  expect(rows).toHaveLength(count)
  expect(ends).toEqual(new Map(expected))
}, 60_000)
