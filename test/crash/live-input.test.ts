import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { wallClock } from '../../src/host/clock.ts'
import { ask, maxTestMs, startDaemon } from '../support/daemon.ts'
import { closeSites, newSite, script, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'

/** For the whole numbers: 30 kills, 100,000 lines. */
const kills = Number(process.env['TORCH_TEST_KILLS'] ?? 4)
const linesPerKill = 3_400

afterEach(closeSites)

function outputOf(site: Site, run: string): string {
  return fs.readFileSync(path.join(site.home, 'runs/echo', run, 'output'), 'utf8')
}

/** Not by the site, which kills a command after a minute. */
function startSender({ folder, home }: Site) {
  const words = ['send', 'echo', '--timeout', '60s']
  const env = { PATH: process.env['PATH'], HOME: folder, TORCH_HOME: home }
  const stdio = ['pipe', 'ignore', 'inherit'] as const
  return spawn(process.execPath, [script, ...words], { cwd: folder, env, stdio: [...stdio] })
}

test(
  'a run gets every line once and in order while its daemon is killed, left, restarted and replaced',
  async () => {
    const site = newSite('tasks:\n  echo: { type: daemon, command: [cat], input: live }\n')
    let pid = await startDaemon(site)
    const running = async () => (await ask(site, 'status', {})).tasks[0]?.running[0]
    const run = (await until(running, 'the run')) ?? ''
    const sender = startSender(site)
    let count = 0
    const feed = (): void => {
      const lines = Array.from({ length: linesPerKill }, () => `line ${++count}\n`)
      sender.stdin.write(lines.join(''))
    }
    for (let kill = 0; kill < kills; kill++) {
      const before = outputOf(site, run).length
      feed()
      await until(() => outputOf(site, run).length > before, 'the first of the new lines')
      for (let turn = Math.random() * 300; turn > 0; turn--) await wallClock.turn()
      process.kill(pid, 'SIGKILL')
      pid = await startDaemon(site)
    }
    feed()
    await site.torch('restart')
    feed()
    await site.torch('stop', '--leave')
    pid = await startDaemon(site)
    sender.stdin.end()
    await until(() => sender.exitCode !== null, 'the end of the sender')
    expect(sender.exitCode).toBe(0)
    expect((await site.torch('send', 'echo', '--end')).status).toBe(0)
    await until(async () => (await running()) !== run, 'the end of the run')
    const expected = Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('')
    expect(outputOf(site, run) === expected).toBe(true)
  },
  maxTestMs * (1 + kills / 10),
)
