import { describe, expect, test } from 'vitest'
import { allView } from '../../../src/view/fleet/all-view.ts'
import { newFleetLooks } from '../../../src/view/fleet/fleet-looks.ts'
import type { AskFleet } from '../../../src/view/fleet/fleet-status.ts'
import { type FleetAccess, machineView } from '../../../src/view/fleet/machine-view.ts'
import type { Heard, View } from '../../../src/view/view.ts'
import { newFleetSite } from '../../support/fleet/daemons.ts'

type Site = ReturnType<typeof newFleetSite>
type Fleet = Awaited<ReturnType<typeof fleetOf>>
type Daemon = Awaited<ReturnType<Site['machines'][number]['daemon']>>

const tasks = `{
  job: {schedule: "0 0 1 1 *", scope: fleet, command: "echo out of $TORCH_TASK; exit 3", description: "shared"},
  plain: {type: manual, command: "exit 4", description: "own"}
}`

/** Two machines, as the daemon of the first one shows them. */
async function fleetOf(names = ['web1', 'web2']) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${tasks}`, names)
  const daemons: Daemon[] = []
  for (const { daemon } of site.machines) daemons.push(await daemon())
  await site.pass(6_000, 50)
  const [first, second] = daemons
  if (first === undefined || second === undefined) throw new Error('two machines')
  const ask: AskFleet = (name, request) => Promise.resolve(first.ask(name, request))
  const told: string[] = []
  const access: FleetAccess = {
    ask,
    clock: site.clock,
    looks: newFleetLooks(ask, site.clock),
    async tell(host, verb, who, request) {
      told.push(`${verb} ${host} ${who}`)
      return (await first.ask('fleetDo', { host, verb, who, request: { ...request } })).value
    },
  }
  const own = { page: async () => ({ rows: [], before: null }) }
  return { ...site, first, second, access, told, all: allView(access, own) }
}

/** What a run printed, once it is there. */
async function textOf(fleet: Fleet, view: View, run: string): Promise<string> {
  for (let count = 0; ; count += 1) {
    const part = await fleet.during(view.output({ task: 'job', run }, 0, 100))
    if (count > 100 || (part?.isWhole === true && part.bytes.length > 0))
      return Buffer.from(part?.bytes ?? '').toString()
    await fleet.pass(500, 50)
  }
}

const start = (view: View, task: string) => view.start({ task, force: false, by: 'alice' })
const window = (now: number) => ({ from: now - 3_600_000, to: now + 3_600_000, tasks: [] })
const limits = { rows: 100, runs: 200, stepMs: 1 }

describe('another machine, through the daemon of this one', () => {
  test('it shows its tasks, runs, output and definition, runs a task by the name of who asks, and is seen when it is silent', async () => {
    const fleet = await fleetOf()
    const { during, second, clock } = fleet
    const web2 = machineView(fleet.access, 'web2')
    const { report } = await during(web2.status())
    expect(report.tasks.map(({ name }) => name)).toEqual(['job', 'plain'])
    const { run } = await during(start(web2, 'plain'))
    await second.runs('plain', 0)
    await fleet.pass(2_000, 50)
    expect(second.lines.filter(({ event }) => event === 'action')).toMatchObject([
      { facts: { by: 'alice' } },
    ])
    const row = await during(web2.run(run))
    expect(row).toMatchObject({ host: 'web2', task: 'plain', outcome: 'failed', exitCode: 4 })
    expect((await during(web2.page({ limit: 10 }))).rows).toMatchObject([{ run }])
    const past = await during(web2.between(window(clock.now()), limits))
    expect(past.parts.map(([task, id]) => [task, id])).toEqual([['plain', run]])
    expect(await during(web2.definition('plain'))).toMatchObject({
      keys: expect.arrayContaining([['description', 'own']]),
    })
    const { run: job } = await during(start(web2, 'job'))
    await second.runs('job', 0)
    expect(await textOf(fleet, web2, job)).toBe('out of job\n')
    await fleet.pass(2_000, 50)

    fleet.talk.away.add('web2')
    await fleet.pass(30_000, 100)
    const seen = await during(web2.status())
    expect(seen).toMatchObject({ away: { state: 'silent' }, report: { daemon: null } })
    expect(seen.report.tasks.map(({ name, last }) => [name, last?.outcome])).toEqual([
      ['job', 'failed'],
      ['plain', 'failed'],
    ])
    expect((await during(web2.run(job)))?.outcome).toBe('failed')
    await expect(during(web2.output({ task: 'job', run: job }, 0, 0))).rejects.toThrow(
      'web2 does not answer',
    )
    await expect(during(start(web2, 'plain'))).rejects.toThrow('web2 does not answer')
  })

  test('what comes is heard by looks: a start, and its end', async () => {
    const fleet = await fleetOf()
    const web2 = machineView(fleet.access, 'web2')
    const closing = new AbortController()
    const heard: Heard[] = []
    void (async () => {
      for await (const each of web2.follow(closing.signal)) {
        if (each.kind === 'look') await web2.status()
        heard.push(each)
      }
    })()
    await fleet.pass(5_000, 50)
    const { run } = await fleet.during(start(web2, 'plain'))
    await fleet.second.runs('plain', 0)
    const rows = () => heard.flatMap((each) => (each.kind === 'row' ? [each.row.run] : []))
    for (let count = 0; count < 50 && rows().length === 0; count += 1) await fleet.pass(500, 50)
    closing.abort()
    expect(rows()).toContain(run)
  })
})

describe('all machines as one', () => {
  test('shared tasks and what plain tasks left are one history, with the machine of each row', async () => {
    const fleet = await fleetOf()
    const { during, all, clock } = fleet
    const { run } = await during(start(all, 'job'))
    expect(fleet.told).toMatchObject([expect.stringMatching(/^run web[12] alice$/)])
    const host = fleet.told[0]?.split(' ')[1] ?? ''
    for (const daemon of [fleet.first, fleet.second]) await daemon.runs('job', 0)
    const { run: plain } = await during(start(machineView(fleet.access, 'web2'), 'plain'))
    await fleet.second.runs('plain', 0)
    await fleet.pass(10_000, 50)

    const { report } = await during(all.status())
    expect(report.host.name).toBe('prod')
    expect(report.tasks).toMatchObject([
      { name: 'job', description: 'shared', counts: { failures: 1 }, last: { run, host } },
      { name: 'plain@web2', last: { run: plain, outcome: 'failed' } },
    ])
    expect(report.tasks[1]).not.toHaveProperty('definition')
    const { parts } = await during(all.between(window(clock.now()), limits))
    expect(new Set(parts.map((part) => `${part[0]} ${part[1]} ${part[14]}`))).toEqual(
      new Set([`job ${run} ${host}`, `plain@web2 ${plain} web2`]),
    )
    expect(await textOf(fleet, all, run)).toBe('out of job\n')
    expect(await during(all.definition('job'))).toMatchObject({ line: 3 })
    expect((await during(all.page({ tasks: ['job'], limit: 5 }))).rows).toMatchObject([
      { run, host },
    ])
    await expect(during(start(all, 'none'))).rejects.toThrow('there is no task "none"')
    await expect(during(all.kill({ target: 'job', signal: null, by: 'alice' }))).rejects.toThrow(
      'job is not running',
    )
  })
})
