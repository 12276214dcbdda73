import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'

afterEach(closeSites)

/** The output of a run with a hole in it, as torch makes them; undefined where it cannot be made. */
function outputWithHole(folder: string): string | undefined {
  const run = path.join(folder, '20260310T120000.000-abcdef')
  fs.mkdirSync(run, { recursive: true })
  const output = path.join(run, 'output')
  fs.writeFileSync(output, `head\n${'x'.repeat(600_000)}\ntail\n`)
  const words = ['--punch-hole', '--offset', '8192', '--length', String(61 * 8192), output]
  return spawnSync('fallocate', words).status === 0 ? output : undefined
}

test('what was cut out of a long output is a line, and no zeros', async ({ skip }) => {
  const site = newSite('tasks: {job: {schedule: "@daily", command: x}}')
  const output = outputWithHole(path.join(site.home, 'runs/job'))
  if (output === undefined) return skip('this file system makes no holes')
  const { stdout } = await site.torch('logs', 'job')
  expect(stdout).not.toContain('\0')
  expect(stdout.match(/\n\[torch: left out here\]\n/g)).toHaveLength(1)
  expect(stdout).toMatch(/^head\nx+\n\[torch/)
  expect(stdout).toMatch(/\]\nx+\ntail\n$/)
  expect(stdout).toHaveLength(fs.statSync(output).size - 61 * 8192 + 24)
})

test('zeros that a task has written itself are passed on', async () => {
  const site = newSite('tasks: {job: {schedule: "@daily", command: x}}')
  const run = path.join(site.home, 'runs/job/20260310T120000.000-abcdef')
  fs.mkdirSync(run, { recursive: true })
  fs.writeFileSync(path.join(run, 'output'), Buffer.alloc(200_000))
  expect((await site.torch('logs', 'job')).stdout).toHaveLength(200_000)
})
