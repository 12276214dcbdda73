import fs from 'node:fs'
import { expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { fileChangeReader } from '../../src/view/file-change.ts'
import { handClock } from '../support/clock.ts'
import { newSite } from '../support/daemon-here.ts'
import { until } from '../support/until.ts'

const yaml = `tasks:
  nightly: {schedule: "30 2 * * *", command: "true", env: {TOKEN: geheim}}
`

test('the page hears what the file on disk would change, without secrets and in a bounded text', async () => {
  const site = newSite('tasks: {}\n')
  const { state, edit, ask } = await site.daemon()
  await edit(yaml)
  await until(() => fs.existsSync(state.paths.lastGood), 'the copy of the tasks file')
  // Its time is far from that of the file, which so counts as quiet.
  const host = { ...thisMachine(), clock: handClock('2026-03-10T12:00:00.000Z') }
  const read = fileChangeReader({ host, paths: state.paths })
  const report = await ask('status', {})
  expect(await read(report)).toBeNull()

  fs.writeFileSync(site.tasks, yaml.replace('30 2', '31 2').replace('geheim', 'geheimer'))
  expect(await read(report)).toEqual([
    '1 task changed',
    '~ nightly',
    '    schedule: 30 2 * * * -> 31 2 * * *',
    '    env.TOKEN: changed (the values are secret)',
  ])
  const many = Array.from({ length: 400 }, (_, n) => `  t${n}: {type: manual, command: "true"}\n`)
  fs.writeFileSync(site.tasks, yaml + many.join(''))
  const lines = await read(report)
  expect([lines?.length, lines?.[0], lines?.at(-1)]).toEqual([
    301,
    '400 tasks added',
    expect.stringMatching(/^and \d+ more lines$/),
  ])

  // The copy is of another file than the one that the daemon has loaded.
  const later = { ...report, file: { ...report.file, loadedAt: '2026-03-10T13:00:00.000Z' } }
  expect(await read(later)).toBeNull()
  expect(await read({ ...report, daemon: null })).toBeNull()
  fs.rmSync(site.tasks)
  expect(await read(report)).toBeNull()
})
