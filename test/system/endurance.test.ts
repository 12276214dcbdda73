import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import {
  ask,
  faultsOf,
  heldBy,
  historyOf,
  linesOf,
  logged,
  logOf,
  renameOver,
  startDaemon,
  maxTestMs,
} from '../support/daemon.ts'

vi.setConfig({ testTimeout: maxTestMs })
afterEach(closeSites)

const secondly = Array.from({ length: 10 }, (_, index) => `second-${index}`)
const mixed = Array.from({ length: 26 }, (_, index) => `mixed-${index}`)
const schedules = ['*/3 * * * * *', '@every 7s', '0 * * * * *', 'H H * * *', '0 0 29 2 *']
/** Shorter than the pause after which the daemon considers a write finished. */
const shortPauseMs = 50

interface Version {
  readonly comment?: string
  readonly command?: string
  readonly isReversed?: boolean
}

/** 40 tasks. The edits of this test change only the task `changing`. */
function textOf(
  site: Site,
  { comment = '', command = 'true', isReversed = false }: Version,
): string {
  const witness = (line: string) => `${line} >>${site.folder}/$TORCH_TASK`
  const tasks = [
    ...secondly.map(
      (name) => `  ${name}: { schedule: '* * * * * *', command: '${witness('echo $TORCH_SLOT')}' }`,
    ),
    ...mixed.map(
      (name, index) =>
        `  ${name}: { schedule: '${schedules[index % schedules.length]}', command: ['true'] }`,
    ),
    `  keep: { type: daemon, max: 2, command: '${witness('echo $$')}; exec sleep 600' }`,
    `  brief: { schedule: '*/2 * * * * *', command: ['true'] }`,
    `  long: { schedule: '*/4 * * * * *', command: '${witness('echo begin $$')}; sleep 2; ${witness('echo end $$')}' }`,
    `  changing: { schedule: '@hourly', command: '${command}' }`,
  ]
  return `# ${comment}\ntasks:\n${(isReversed ? tasks.toReversed() : tasks).join('\n')}\n`
}

/** Makes fifteen edits. The daemon loads or refuses each one before the next is made. */
async function editAll(site: Site): Promise<void> {
  const git = (...words: string[]): void =>
    void execFileSync('git', words, { cwd: site.folder, stdio: 'ignore' })
  const taken = async (edit: () => void | Promise<void>): Promise<void> => {
    const before = logOf(site).length
    await edit()
    await logged(site, 'a load', ({ changed }) => changed?.[0] === 'changing', before)
  }
  const unnoticed = async (version: Version): Promise<void> => {
    fs.writeFileSync(site.tasks, textOf(site, version))
    expect((await ask(site, 'reload', {})).verdict).not.toBe('refused')
  }
  const refused = async (line: number, bad: string): Promise<void> => {
    const lines = textOf(site, { command: 'bad' }).split('\n')
    lines.splice(line - 1, 0, bad)
    const before = logOf(site).length
    fs.writeFileSync(site.tasks, lines.join('\n'))
    const isReported = (each: string) => each.startsWith(`${site.tasks}:${line}:`)
    await logged(
      site,
      `line ${line}`,
      ({ problems }) => problems?.some(isReported) ?? false,
      before,
    )
  }

  for (const round of [1, 2, 3]) {
    await unnoticed({ comment: `round ${round}`, command: `round ${round - 1}` })
    await refused(10 * round, `  bad-${round}: { schedule: '61 * * * * *', command: ls }`)
    if (round === 1) {
      git('init', '-q')
      git(
        '-c',
        'user.name=a',
        '-c',
        'user.email=a@b',
        'commit',
        '-q',
        '--allow-empty',
        '-m',
        'none',
      )
    }
    await taken(async () => {
      const text = textOf(site, { command: `parts ${round}` })
      fs.writeFileSync(site.tasks, text.slice(0, text.length / 2))
      await pause(shortPauseMs)
      fs.appendFileSync(site.tasks, text.slice(text.length / 2))
    })
    await refused(10 * round + 5, '  half: { schedule: ]')
    await taken(() =>
      renameOver(site, textOf(site, { command: `round ${round}`, isReversed: true })),
    )
  }
  git('add', 'tasks.yaml')
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'one')
  await taken(() => fs.writeFileSync(site.tasks, textOf(site, { command: 'not committed' })))
  await taken(() => git('checkout', '-q', '--', 'tasks.yaml'))
}

test('edits of all kinds disturb no task: no second is missed and none fires twice', async () => {
  const site = newSite('')
  fs.writeFileSync(site.tasks, textOf(site, { command: 'round 0' }))
  const pid = await startDaemon(site)
  await until(() => linesOf(site, 'second-9').length > 1, 'the second slot')
  const before = heldBy(pid).descriptors

  await editAll(site)
  const enough = Math.max(12, linesOf(site, 'second-9').length + 2)
  await until(() => linesOf(site, 'second-9').length >= enough, `${enough} slots`)
  expect(await until(() => heldBy(pid).descriptors <= before, 'no more descriptors')).toBe(true)
  expect((await ask(site, 'status', {})).file).toMatchObject({ ok: true, problems: [] })
  expect((await site.torch('stop')).status).toBe(0)
  expect(site.living()).toEqual([])

  const rows = await historyOf(site)
  expect(faultsOf(site, secondly, rows)).toEqual([])
  expect(linesOf(site, 'keep')).toHaveLength(2)
  const words = linesOf(site, 'long')
  const begun = words.filter((line) => line.startsWith('begin'))
  expect(begun.length).toBeGreaterThan(1)
  expect(words).toEqual(begun.flatMap((line) => [line, line.replace('begin', 'end')]))
})
