import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { faultsOf } from '../support/daemon.ts'
import { closeSites, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  activeOf,
  ask,
  begun,
  endsOf,
  gone,
  historyOf,
  killed,
  launch,
  linesOf,
  type Plan,
  readIfThere,
  restart,
  setPlan,
  siteOf,
  stopped,
  up,
} from './support.ts'

afterAll(closeSites)

/** A task in each second, a task with retries, a daemon task, and a task that is started by hand. */
const tasks = `
defaults: { output: { keep_runs: 1000 } }
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: "echo $TORCH_SLOT >>FOLDER/second; exit 3" }
  again:
    schedule: "*/2 * * * * *"
    max: unlimited
    retry: { attempts: 1, delay: 300ms }
    command: "echo $TORCH_SLOT-$TORCH_ATTEMPT >>FOLDER/again; echo out; sleep 0.2; kill -s KILL $$"
  steady: { type: daemon, max: 2, command: "echo $$ >>FOLDER/steady; exec sleep 600" }
  by-hand: { schedule: "@yearly", max: unlimited, command: "echo $TORCH_RUN_ID >>FOLDER/by-hand; sleep 1; exit 5" }
`

/** The history has every run that the tasks noted, once, and nothing is left. */
async function expectWhole(site: Site): Promise<void> {
  setPlan(site, undefined)
  await until(() => launch(site).then(({ said }) => said?.ok), 'a last daemon')
  await stopped(site)
  const rows = await historyOf(site)
  expect(faultsOf(site, ['second'], rows)).toEqual([])
  const started = (task: string) => linesOf(site, task).toSorted()
  expect(new Set(started('again')).size, 'attempts that started twice').toBe(
    started('again').length,
  )
  const runs = rows.filter(({ run }) => run !== null)
  const recorded = (task: string) => runs.filter((row) => row.task === task).length
  for (const task of ['second', 'again', 'by-hand'])
    expect([task, recorded(task)]).toEqual([task, started(task).length])
  expect(linesOf(site, 'steady')).toHaveLength(recorded('steady'))
  expect([...new Set(endsOf(runs, 'second'))]).toEqual(['failed 3'])
  // A run that still ran when the last daemon stopped may have been ended by it.
  expect([...new Set(endsOf(runs, 'again'))]).toEqual(['killed SIGKILL'])
  expect([...new Set(endsOf(runs, 'by-hand'))].filter((end) => end !== 'failed 5')).toEqual([])
  expect(activeOf(site)).toEqual([])
  expect(site.living()).toEqual([])
}

/** Kills one daemon after another while runs are running, each one step later than the previous one. */
async function killAtEach(site: Site, plans: readonly Plan[]): Promise<void> {
  for (const plan of plans) {
    setPlan(site, undefined)
    const { pid } = await up(site)
    await begun(site, 'by-hand')
    await nextSecond(site)
    await killed(pid)
    setPlan(site, plan)
    const { ended } = await launch(site)
    await ended
  }
}

async function nextSecond(site: Site): Promise<void> {
  const before = linesOf(site, 'second').length
  await until(() => linesOf(site, 'second').length > before, 'a second')
}

function plansOf(after: 'start' | 'said', steps: number): Plan[] {
  return Array.from({ length: steps }, (_, index) => ({
    after,
    at: index + 1,
    do: index % 2 === 0 ? 'kill' : 'tear',
  }))
}

describe.concurrent('a kill at each step', { timeout: 120_000 }, () => {
  test('a daemon that is killed at each step of its start, while runs are running, loses and repeats nothing', async () => {
    const site = siteOf(tasks)
    await killAtEach(site, plansOf('start', 9))
    await expectWhole(site)
  })

  test('a daemon that is killed at each step of its work loses and repeats nothing', async () => {
    const site = siteOf(tasks)
    await killAtEach(site, plansOf('said', 7))
    await expectWhole(site)
  })

  test('a daemon that is killed at each step of a reload loses and repeats nothing', async () => {
    const site = siteOf(tasks)
    const armed = path.join(site.folder, 'armed')
    const text = readIfThere(site.tasks)
    for (let at = 1; at <= 6; at++) {
      setPlan(site, { after: 'armed', armed, at, do: at % 2 === 0 ? 'kill' : 'tear' })
      const { pid } = await up(site)
      site.write('armed', '')
      site.write('tasks.yaml', `${text}  more-${at}: { schedule: "@yearly", command: ls }\n`)
      await ask(site, 'reload', {}).catch(() => {})
      setPlan(site, undefined)
      await killed(pid).catch(() => {})
      fs.rmSync(armed)
    }
    await expectWhole(site)
  })

  test('a daemon that is killed at each step of a restart, and the next one, lose and repeat nothing', async () => {
    const site = siteOf(tasks)
    const armed = path.join(site.folder, 'armed')
    for (let at = 1; at <= 4; at++) {
      setPlan(site, { role: 'daemon', after: 'armed', armed, at, do: 'kill' })
      const { pid } = await up(site)
      await begun(site, 'by-hand')
      site.write('armed', '')
      await restart(site).catch(() => {})
      fs.rmSync(armed)
      await gone(pid)
      // If there is a next daemon, it takes over by itself.
      await until(async () => {
        const next = await ask(site, 'status', {}).catch(() => undefined)
        if (next?.daemon) await killed(next.daemon.pid)
        return site.living().every((each) => !isDaemon(each))
      }, 'the end of the next daemon')
    }
    await expectWhole(site)
  })
})

function isDaemon(pid: number): boolean {
  return readIfThere(`/proc/${pid}/cmdline`).includes('\0daemon\0')
}
