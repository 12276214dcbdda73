import fs from 'node:fs'
import { expect, test } from 'vitest'
import { lastDaemonEnd } from '../../../src/daemon/recovery/daemon-record.ts'
import { type Host, thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'

/** This machine, where some facts about processes are different. */
function machine(processes: Partial<Host['processes']>): Host {
  const here = thisMachine()
  return { ...here, processes: { ...here.processes, ...processes } }
}
const afterDeath = machine({ identify: () => undefined })

async function aDaemon() {
  const site = newSite('tasks: {job: {schedule: "@daily", command: exit 0}}')
  const daemon = await site.daemon()
  return { site, daemon, paths: daemon.state.paths, known: { pid: process.pid, version: '0.0.0' } }
}

test('the end of a daemon that was stopped says when, and by whom', async () => {
  const { site, daemon, paths, known } = await aDaemon()
  expect(lastDaemonEnd(thisMachine(), paths)).toBeNull()
  site.clock.advance(5_000)
  const at = new Date(site.clock.now()).toISOString()
  await daemon.stop(0, true)
  await daemon.ended
  expect(lastDaemonEnd(afterDeath, paths)).toMatchObject({
    ...known,
    ...{ how: 'stopped', by: 'torch stop', left: true, at },
  })
})

test('a daemon that vanished was last seen within a minute of its end', async () => {
  const { site, daemon, paths, known } = await aDaemon()
  site.clock.advance(60_000)
  const at = new Date(site.clock.now()).toISOString()
  site.clock.advance(30_000)
  daemon.kill()
  expect(lastDaemonEnd(afterDeath, paths)).toMatchObject({ ...known, how: 'died', by: null, at })
  const rebooted = machine({ bootId: 'another boot' })
  expect(lastDaemonEnd(rebooted, paths)).toMatchObject({ ...known, how: 'rebooted', at })
})

test('a record that is damaged or missing says nothing', async () => {
  const { daemon, paths } = await aDaemon()
  daemon.kill()
  for (const text of ['', 'null', '{', '[]', '{"pid": 1}', '{"aliveAt": "x", "ended": 3}']) {
    fs.writeFileSync(paths.daemonRecord, text)
    expect(lastDaemonEnd(afterDeath, paths)).toBeNull()
  }
  fs.rmSync(paths.daemonRecord)
  expect(lastDaemonEnd(afterDeath, paths)).toBeNull()
})
