import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closeSites, isAlive, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  activeOf,
  begun,
  endsOf,
  gone,
  historyOf,
  killed,
  launch,
  pidsOf,
  readIfThere,
  setPlan,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

const waits = `
tasks:
  job: { schedule: "@yearly", max: unlimited, command: "echo a; while [ ! -e FOLDER/go ]; do sleep 0.1; done; echo b; exit 4" }
`

async function outcome(directory: string): Promise<{ outcome: string; reason: string | null }> {
  const text = await until(
    () => readIfThere(path.join(directory, 'outcome.json')) || undefined,
    `the outcome of ${directory}`,
  )
  return JSON.parse(text) as { outcome: string; reason: string | null }
}

function go(site: Site): void {
  site.write('go', '')
}

describe.concurrent('the outcome of a run', () => {
  test('a run whose recorder was killed continues, and its outcome is unknown', async () => {
    const site = siteOf(waits)
    await up(site)
    const directory = await begun(site, 'job')
    const { recorder, command } = await pidsOf(directory)
    await killed(recorder)
    expect((await site.torch('status', 'job', '--json')).stdout).toContain(path.basename(directory))
    expect(isAlive(command)).toBe(true)
    go(site)
    expect(await outcome(directory)).toMatchObject({
      outcome: 'unknown',
      reason: 'the recorder vanished',
    })
    await until(() => readIfThere(path.join(directory, 'output')) === 'a\nb\n', 'the output')
    await stopped(site)
    expect(activeOf(site)).toEqual([])
  })

  test('a run whose recorder and command were killed while no daemon ran is unknown, not a success', async () => {
    const site = siteOf(waits)
    const { pid } = await up(site)
    const directory = await begun(site, 'job')
    const { recorder, command } = await pidsOf(directory)
    await killed(pid)
    await killed(recorder)
    await killed(command)
    await up(site)
    expect(await outcome(directory)).toMatchObject({ outcome: 'unknown', exitCode: null })
    await stopped(site)
    expect(endsOf(await historyOf(site), 'job')).toEqual(['unknown'])
  })

  test('a run whose command was killed while no daemon ran has the signal from its recorder', async () => {
    const site = siteOf(waits)
    const { pid } = await up(site)
    const directory = await begun(site, 'job')
    const { recorder, command } = await pidsOf(directory)
    await killed(pid)
    await killed(command)
    await gone(recorder)
    await up(site)
    expect(await outcome(directory)).toMatchObject({
      outcome: 'killed',
      signal: 'SIGKILL',
      reason: 'not by torch',
    })
    await stopped(site)
  })

  test('a run whose recorder was killed while no daemon ran is adopted, because its command runs', async () => {
    const site = siteOf(waits)
    const { pid } = await up(site)
    const directory = await begun(site, 'job')
    const { recorder, command } = await pidsOf(directory)
    await killed(pid)
    await killed(recorder)
    await up(site)
    expect((await site.torch('status', 'job', '--json')).stdout).toContain(path.basename(directory))
    expect(isAlive(command)).toBe(true)
    // It can be ended like any other run.
    expect((await site.torch('kill', path.basename(directory))).status).toBe(0)
    expect(await outcome(directory)).toMatchObject({ outcome: 'killed', reason: 'kill' })
    await gone(command)
    await stopped(site)
  })

  test('a run from before a reboot is unknown, and no process is signalled for it', async () => {
    const site = siteOf(waits)
    const { pid } = await up(site)
    const directory = await begun(site, 'job')
    const { command } = await pidsOf(directory)
    await killed(pid)
    setPlan(site, { bootId: 'another boot' })
    await up(site)
    expect(await outcome(directory)).toMatchObject({
      outcome: 'unknown',
      reason: 'the machine was rebooted',
    })
    await stopped(site)
    // The process is of this boot; the daemon was made to believe that it is of another one.
    expect(isAlive(command)).toBe(true)
    expect(activeOf(site)).toEqual([])
  })

  test('a run whose pids belong to other processes now is unknown, and they are not signalled', async () => {
    const site = siteOf(waits.replace('max:', 'timeout: 1s, kill_after: 1s, max:'))
    const { pid } = await up(site)
    const directory = await begun(site, 'job')
    const { recorder, command } = await pidsOf(directory)
    await killed(pid)
    await killed(recorder)
    await killed(command)
    const foreign = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    try {
      for (const name of ['claim', 'command']) forge(path.join(directory, name), foreign.pid ?? 0)
      await up(site)
      expect(await outcome(directory)).toMatchObject({ outcome: 'unknown' })
      await stopped(site)
      expect(isAlive(foreign.pid ?? 0)).toBe(true)
    } finally {
      foreign.kill('SIGKILL')
    }
  })
})

/** Puts the pid of another process into the line; the start time stays. */
function forge(file: string, pid: number): void {
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^\d+/, String(pid)))
}

test('a daemon starts whatever a crash left of the directory of a run', async () => {
  const site = siteOf(waits)
  await killed((await up(site)).pid)
  const run = '20260101T000000.000-abcdef'
  const at = (...names: string[]) => path.join(site.home, ...names)
  const torn: Record<string, () => void> = {
    'no directory': () => {},
    'an empty directory': () => fs.mkdirSync(at('runs', 'job', run), { recursive: true }),
    'half of run.json': () => fs.writeFileSync(at('runs', 'job', run, 'run.json'), '{"run":"2026'),
    'a run.json of something else': () =>
      fs.writeFileSync(at('runs', 'job', run, 'run.json'), '17'),
  }
  for (const [name, make] of Object.entries(torn)) {
    fs.writeFileSync(at('active', run), 'job')
    make()
    const { said, pid } = await launch(site)
    expect(said, `${name}: ${readIfThere(at('daemon.log'))}`).toMatchObject({ ok: true })
    expect(activeOf(site)).toEqual([])
    await killed(pid)
  }
})
