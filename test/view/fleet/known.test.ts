import { expect, test } from 'vitest'
import { fleetHistory } from '../../../src/view/fleet/fleet-history.ts'
import { slotReport } from '../../../src/view/fleet/fleet-slot.ts'
import type { AskFleet } from '../../../src/view/fleet/fleet-status.ts'
import {
  requireEngine,
  requireKnownHosts,
  requireKnownTasks,
} from '../../../src/view/fleet/known.ts'
import { askingMachine } from '../../../src/view/fleet/machine-view.ts'
import { printedOutput } from '../../../src/view/fleet/printed-output.ts'
import { newFleetSite } from '../../support/fleet/daemons.ts'

const tasks = `{
  job: {schedule: "0 0 1 1 *", scope: fleet, command: "seq 1 4; exec sleep 600", prefer: ["web3*"]},
  plain: {type: manual, command: "true"}
}`

async function fleetOf(names: readonly string[]) {
  const site = newFleetSite(`timezone: UTC\ntasks: ${tasks}`, names)
  const daemons: Awaited<ReturnType<(typeof site.machines)[number]['daemon']>>[] = []
  for (const { daemon } of site.machines) daemons.push(await daemon())
  await site.pass(6_000, 50)
  const [first] = daemons
  if (first === undefined) throw new Error('no machine')
  const ask: AskFleet = (name, request) => Promise.resolve(first.ask(name, request))
  return { ...site, first, ask }
}

test('a name that no machine and no row has is an error with a suggestion, like that of a machine', async () => {
  const { during, ask } = await fleetOf(['web1', 'web2'])
  await during(requireKnownTasks(ask, ['job', 'plain']))
  await expect(during(requireKnownTasks(ask, ['jbo']))).rejects.toMatchObject({
    ...{ code: 'no-task', exit: 2, message: 'there is no task "jbo"', hint: 'did you mean "job"?' },
  })
  await during(requireKnownHosts(ask, ['web1', 'web2']))
  await expect(during(requireKnownHosts(ask, ['web22']))).rejects.toMatchObject({
    ...{ code: 'no-host', exit: 2, hint: 'did you mean "web2"?' },
  })
})

test('a slot has the order in which the machines wait, also with prefer, and a time that is no slot has its neighbours', async () => {
  const { during, ask } = await fleetOf(['web1', 'web2', 'web3'])
  const slot = Date.parse('2027-01-01T00:00:00Z') / 1000
  const { claim, machines } = await during(slotReport(ask, 'job', slot))
  expect(claim).toEqual([])
  const numbers = new Map(machines.map(({ host, rank }) => [host, rank]))
  expect(numbers.get('web3')).toBe(0)
  expect(new Set(numbers.values())).toEqual(new Set([0, 1, 2]))
  expect(machines[0]?.due).toMatchObject({ isDue: true })
  const off = await during(slotReport(ask, 'job', slot + 60))
  expect(off.machines[0]?.due).toEqual({
    ...{ isDue: false, before: '2027-01-01T00:00:00Z', after: '2028-01-01T00:00:00Z' },
  })
})

test('the output of a run that still runs is printed as far as it is, or its last lines', async () => {
  const { during, ask, first } = await fleetOf(['web1'])
  const { run } = await during(Promise.resolve(first.ask('run', { task: 'job', force: true })))
  await first.begun('job')
  const read = async (lines: number | null): Promise<string> => {
    const chunks: Buffer[] = []
    const asking = askingMachine(ask, 'web1')
    for await (const bytes of printedOutput(asking, { task: 'job', run }, lines)) chunks.push(bytes)
    return Buffer.concat(chunks).toString()
  }
  for (let count = 0; count < 200 && (await during(read(null))).length < 8; count += 1)
    await during(Promise.resolve())
  expect(await during(read(null))).toBe('1\n2\n3\n4\n')
  expect(await during(read(2))).toBe('3\n4\n')
  expect(await during(read(9))).toBe('1\n2\n3\n4\n')
  expect(await during(read(0))).toBe('')
  await expect(
    during(
      printedOutput(
        askingMachine(ask, 'web1'),
        { task: 'job', run: `${run.slice(0, -1)}x` },
        null,
      ).next(),
    ),
  ).rejects.toThrow()
})

test('without the engine nothing is said that nobody knows, and what this machine has is there', async () => {
  const { during, ask, first, pass, talk, clock } = await fleetOf(['web1', 'web2'])
  const { run } = await during(Promise.resolve(first.ask('run', { task: 'plain', force: false })))
  await first.runs('plain', 0)
  await pass(2_000, 50)
  talk.isDown = true
  const away: AskFleet = async (name, request) => {
    const reply = await ask(name, request)
    return name === 'fleetState'
      ? { ...reply, link: { state: 'down', lastError: 'refused' } }
      : reply
  }
  const error = {
    code: 'no-engine',
    exit: 1,
    message: 'the engine of the fleet cannot be reached: refused',
  }
  await expect(requireEngine(away)).rejects.toMatchObject(error)
  const slot = Math.floor(clock.now() / 1000)
  await expect(during(slotReport(away, 'job', slot))).rejects.toMatchObject(error)
  const { rows, notes, isPart } = await during(fleetHistory(away, { limit: 5 }))
  expect(rows).toMatchObject([{ run, host: 'web1' }])
  expect(isPart).toBe(true)
  expect(notes).toHaveLength(1)
  const output = printedOutput(askingMachine(away, 'web1'), { task: 'plain', run }, null)
  expect(await during(output.next())).toMatchObject({ done: true })
})
