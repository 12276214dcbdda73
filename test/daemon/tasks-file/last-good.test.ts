import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadLastGood, saveLastGood } from '../../../src/daemon/tasks-file/last-good.ts'
import { loadTasks } from '../../../src/daemon/tasks-file/load.ts'
import { thisMachine } from '../../../src/host/host.ts'
import { newSite } from '../../support/daemon-here.ts'

const host = thisMachine()
const machine = { names: ['web1'], addresses: ['10.0.0.1'] }
const job = (command: string, more = '') =>
  `tasks: {job: {schedule: "@daily", command: ${command}${more}}}\n`

async function aDaemon(yaml: string) {
  const site = newSite(yaml)
  const { state, edit } = await site.daemon()
  const { paths } = state
  const commands = async (tasks = site.tasks) =>
    (await loadLastGood(host, paths, tasks, machine))?.file.tasks.map(({ command }) => command)
  /** Loads a file or folder as a daemon does, and keeps a copy of it. */
  const keep = async (tasks: string) => {
    const loaded = await loadTasks(host, tasks, { machine, withContent: true })
    if (loaded.file !== undefined) await saveLastGood(state, { ...loaded, file: loaded.file })
    return loaded
  }
  return { site, state, paths, edit, commands, keep }
}

test('each file that is loaded is kept, exactly, for its owner alone, and a bad one is not', async () => {
  const { site, paths, edit, commands } = await aDaemon(job('one'))
  const text = `\ufeff${job('"ü two"')}# end without a line break`
  await edit(text)
  expect(await commands()).toEqual(['ü two'])
  await edit('tasks: {job: {comand: x}}')
  expect(await commands()).toEqual(['ü two'])
  const kept = fs.readFileSync(paths.lastGood)
  expect(kept.subarray(kept.indexOf('\n') + 1)).toEqual(Buffer.from(text))
  expect(fs.statSync(paths.lastGood).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(site.home)).not.toContain('last-good.next')
})

test('a directory is kept with all its files, and the copy has the hash of the original', async () => {
  const { site, commands, keep, paths } = await aDaemon(job('one'))
  const folder = path.join(site.folder, 'tasks.d')
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, 'a.yaml'), job('one'))
  fs.writeFileSync(path.join(folder, 'b.yaml'), job('two, cwd: data').replace('job', 'other'))
  const { hash } = await keep(folder)
  expect(await commands(folder)).toEqual(['one', 'two'])
  const kept = await loadLastGood(host, paths, folder, machine)
  expect(kept).toMatchObject({ hash, path: folder })
  expect(kept?.file.tasks[1]?.cwd).toBe(path.join(folder, 'data'))
})

test('a copy has the calendars as they were', async () => {
  const { site, paths, keep } = await aDaemon(job('one'))
  const dates = path.join(site.folder, 'fair.dates')
  fs.writeFileSync(dates, '2026-12-25\n')
  fs.writeFileSync(
    site.tasks,
    `calendars: { fair: { file: fair.dates } }\n${job('two', ', only: fair')}`,
  )
  const { calendarFiles, file } = await keep(site.tasks)
  expect(calendarFiles).toEqual([dates])
  fs.rmSync(dates)
  const kept = await loadLastGood(host, paths, site.tasks, machine)
  expect(kept?.file.tasks[0]?.when).toEqual(file?.tasks[0]?.when)
  expect(kept?.calendarFiles).toEqual([dates])
  // Without it, the file itself is bad.
  const { problems } = await keep(site.tasks)
  expect(problems.map(({ message }) => message)).toEqual([`cannot be used: ${dates}: is not there`])
})

test('a copy with a calendar that was changed in it is not used, and one with large calendars is', async () => {
  const { site, paths, keep, commands } = await aDaemon(job('one'))
  const names = Array.from({ length: 12 }, (_, at) => `fair${at}`)
  for (const name of names)
    fs.writeFileSync(
      path.join(site.folder, `${name}.dates`),
      `2026-12-25\n# ${'x'.repeat(990_000)}\n`,
    )
  const calendars = names.map((name) => `${name}: { file: ${name}.dates }`).join(', ')
  const only = `, only: [${names.join(', ')}]`
  fs.writeFileSync(site.tasks, `calendars: { ${calendars} }\n${job('two', only)}`)
  await keep(site.tasks)
  expect(await commands()).toEqual(['two'])
  const whole = fs.readFileSync(paths.lastGood, 'utf8')
  fs.writeFileSync(paths.lastGood, whole.replace('2026-12-25', '2026-12-26'))
  expect(await commands()).toBeUndefined()
})

test('a copy is used without the env_file and the user that it names: the start of a run needs them', async () => {
  const { site, commands, keep } = await aDaemon(job('one'))
  fs.writeFileSync(path.join(site.folder, 'env'), 'A=1\n')
  fs.writeFileSync(site.tasks, job('two', ', env_file: env'))
  await keep(site.tasks)
  fs.rmSync(path.join(site.folder, 'env'))
  expect(await commands()).toEqual(['two'])
})

test('a copy of another tasks file, a damaged one and a missing one are not used', async () => {
  const { site, paths, keep, commands } = await aDaemon(job('one'))
  await keep(site.tasks)
  expect(await commands('/elsewhere/tasks.yaml')).toBeUndefined()
  expect(await commands()).toEqual(['one'])
  const whole = fs.readFileSync(paths.lastGood, 'utf8')
  for (const text of [
    whole.replace('command: one', 'command: two'),
    whole.slice(0, -5),
    '{}\n',
    '',
  ]) {
    fs.writeFileSync(paths.lastGood, text)
    expect(await commands()).toBeUndefined()
  }
  fs.rmSync(paths.lastGood)
  expect(await commands(site.tasks)).toBeUndefined()
})
