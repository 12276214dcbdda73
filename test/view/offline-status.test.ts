import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { thisMachine } from '../../src/host/host.ts'
import { offlineStatus } from '../../src/view/offline-status.ts'
import { newSite } from '../support/daemon-here.ts'
import { until } from '../support/until.ts'

const yaml = `tasks:
  nightly: {schedule: "30 2 * * *", command: "true", description: "Saves it"}
  long: {schedule: "* * * * *", command: "sleep 600"}
  keep: {type: daemon, command: "sleep 600"}
`
const facts = { names: ['web1'], addresses: ['10.0.0.1'] }

test('without a daemon and with a bad file, the tasks are those of the last good file', async () => {
  const site = newSite(yaml)
  const { state, runs, ask, edit, kill } = await site.daemon()
  await edit(`${yaml}# saved`)
  await until(() => fs.existsSync(state.paths.lastGood), 'the copy of the tasks file')
  await ask('run', { task: 'long', force: false })
  await runs('long', 1)
  await runs('keep', 1)
  kill()
  const file = { shown: 'tasks.yaml', absolute: site.tasks }
  const look = () =>
    offlineStatus({ host: thisMachine(), paths: state.paths, facts, file }, () => {})
  const good = await look()
  expect(good.file.ok).toBe(true)
  expect(good.file).not.toHaveProperty('lastGoodAt')

  fs.writeFileSync(site.tasks, 'tasks: {nightly: {comand: x}}')
  const bad = await look()
  expect(bad.file).toMatchObject({ ok: false, loadedAt: null })
  expect(bad.file.lastGoodAt).toBe('2026-03-10T12:00:00.000Z')
  expect(bad.file.problems.map(({ path: at }) => at)).toContain('tasks.nightly.comand')
  expect(
    bad.tasks.map(({ name, type, definition, running }) => [
      ...[name, type, definition?.schedule, running.length],
    ]),
  ).toEqual([
    ['nightly', 'common', ['30 2 * * *'], 0],
    ['long', 'common', ['* * * * *'], 1],
    ['keep', 'daemon', [], 1],
  ])
  expect(bad.tasks[0]?.description).toBe('Saves it')

  // Without a copy, only what runs is known.
  fs.rmSync(path.join(site.home, 'last-good'))
  const rest = await look()
  expect(rest.file).not.toHaveProperty('lastGoodAt')
  expect(rest.tasks.map(({ name, type }) => [name, type])).toEqual([
    ['keep', 'daemon'],
    ['long', 'common'],
  ])
})
