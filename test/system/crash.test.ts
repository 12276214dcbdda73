import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { closeSites, isAlive, newSite } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  ask,
  faultsOf,
  historyOf,
  linesOf,
  logged,
  logOf,
  readIfThere,
  startDaemon,
  maxTestMs,
} from '../support/daemon.ts'

vi.setConfig({ testTimeout: maxTestMs })
afterAll(closeSites)

async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(() => !isAlive(pid), 'the end of the daemon')
}

test.concurrent(
  'runs outlive a daemon that is killed, and the next daemon records how each one ended',
  async () => {
    const site = newSite(`
tasks:
  meanwhile: { schedule: "@yearly", command: "echo a; WAIT_FOR/go; echo b; exit 5" }
  afterwards: { schedule: "@yearly", command: "WAIT_FOR/later; exit 3" }
  late: { schedule: "@yearly", command: [sleep, "600"], timeout: 4s, kill_after: 1s }
  shot: { schedule: "@yearly", command: "WAIT_FOR/go; kill -s KILL $$" }
  keep: { type: daemon, max: 2, command: "echo $$ >>FOLDER/keep; exec sleep 600" }
`)
    const text = readIfThere(site.tasks)
      .replaceAll(/WAIT_FOR(\/\w+)/g, 'until [ -e FOLDER$1 ]; do sleep 0.1; done')
      .replaceAll('FOLDER', site.folder)
    site.write('tasks.yaml', text)
    const pid = await startDaemon(site)
    const directories = new Map<string, string>()
    for (const task of ['meanwhile', 'afterwards', 'late', 'shot'])
      directories.set(task, (await ask(site, 'run', { task, force: false })).directory)
    await until(() => linesOf(site, 'keep').length === 2, 'two of keep')

    await killed(pid)
    const hasEnded = (task: string) =>
      /^\d+\n/m.test(readIfThere(path.join(directories.get(task) ?? '', 'exit')))
    site.write('go', '')
    await until(() => hasEnded('meanwhile') && hasEnded('shot'), 'two ends without a daemon')
    const before = logOf(site).length
    await startDaemon(site)
    const adopted = logOf(site)
      .slice(before)
      .filter(({ event }) => event === 'adopt')
    expect(adopted.map(({ task }) => task)).toEqual(['keep', 'keep', 'afterwards', 'late'])

    site.write('later', '')
    await logged(
      site,
      'the timeout',
      ({ task, event }) => task === 'late' && event === 'end',
      before,
    )
    await site.torch('stop')
    expect(site.living()).toEqual([])
    expect(linesOf(site, 'keep')).toHaveLength(2)
    const rows = await historyOf(site)
    const ends = rows
      .toSorted((a, b) => (a.task < b.task ? -1 : 1))
      .map(({ task, outcome, exitCode, signal }) => [task, outcome, exitCode, signal])
    expect(ends).toEqual([
      ['afterwards', 'failed', 3, null],
      ['keep', 'killed', null, 'SIGTERM'],
      ['keep', 'killed', null, 'SIGTERM'],
      ['late', 'timeout', null, 'SIGTERM'],
      ['meanwhile', 'failed', 5, null],
      ['shot', 'killed', null, 'SIGKILL'],
    ])
    const output = path.join(directories.get('meanwhile') ?? '', 'output')
    await until(() => readIfThere(output) === 'a\nb\n', 'the output')
  },
)

test.concurrent(
  'a daemon that is killed again and again in the middle of a second starts no slot twice and loses none',
  async () => {
    const names = Array.from({ length: 10 }, (_, index) => `job-${index}`)
    const site = newSite('')
    const lines = names.map(
      (name) =>
        `  ${name}: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>${site.folder}/${name}; sleep 1" }`,
    )
    site.write('tasks.yaml', `tasks:\n${lines.join('\n')}\n`)

    // Kill it when some tasks of the second have started and others perhaps have not.
    for (const name of ['job-0', 'job-3', 'job-6', 'job-9']) {
      const pid = await startDaemon(site)
      const before = linesOf(site, name).length
      await until(() => linesOf(site, name).length > before, `a start of ${name}`)
      await killed(pid)
    }
    await startDaemon(site)
    await logged(site, 'a last second', ({ event }) => event === 'end', logOf(site).length)
    await site.torch('stop')

    const rows = await historyOf(site)
    expect(faultsOf(site, names, rows)).toEqual([])
    const runs = rows.filter(({ run }) => run !== null)
    expect([...new Set(runs.map(({ outcome }) => outcome))]).toEqual(['ok'])
    expect(runs).toHaveLength(names.flatMap((name) => linesOf(site, name)).length)
  },
)
