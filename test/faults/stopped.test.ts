import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite, type Site } from '../support/torch.ts'
import { until } from '../support/until.ts'
import { faultsOf, historyOf, linesOf, logOf, startDaemon } from '../support/daemon.ts'

vi.setConfig({ testTimeout: 180_000 })
afterAll(closeSites)

const witness = 'echo $TORCH_SLOT >>$HOME/$TORCH_TASK'
const tasks = `
defaults: { output: { keep_runs: 1000 } }
tasks:
  second: { schedule: "* * * * * *", max: unlimited, command: '${witness}' }
  third: { schedule: "*/3 * * * * *", catchup: latest, max: unlimited, command: '${witness}' }
  brief: { schedule: "@reboot", command: 'sleep 4; echo done; exit 7' }
  again: { schedule: "@reboot", retry: { attempts: 1, delay: 1s }, command: '${witness}; sleep 4; exit 3' }
  long: { schedule: "@reboot", timeout: 4s, kill_after: 1s, command: 'exec sleep 600' }
`

/** Real time: longer than the 60 s (maxStallSeconds) up to which slots are late, not missed. */
const missedAfterSeconds = 65

/** Stops the daemon by SIGSTOP while its runs continue and end, then checks what it makes of that. */
async function stoppedFor(seconds: number, meanwhile: (site: Site) => Promise<void>) {
  const site = newSite(tasks)
  const pid = await startDaemon(site)
  await until(() => linesOf(site, 'second').length > 1, 'the second slot')
  process.kill(pid, 'SIGSTOP')
  const end = Date.now() + seconds * 1000
  try {
    await meanwhile(site)
    await until(() => Date.now() >= end, `${seconds} s of SIGSTOP`, seconds * 1000)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  const resumedMs = Date.now()
  const before = linesOf(site, 'second').length
  await until(() => linesOf(site, 'second').length > before + 3, 'more slots')
  await until(() => linesOf(site, 'again').length === 2, 'the second attempt')
  await until(() => logOf(site).find(({ outcome }) => outcome === 'timeout'), 'the timeout')
  expect(site.pid()).toBe(pid)
  expect((await site.torch('stop')).status).toBe(0)
  return { site, resumedMs, rows: await historyOf(site) }
}

describe.concurrent('a daemon stopped by SIGSTOP', () => {
  test('after 5 s of SIGSTOP each task starts once for its latest slot, and earlier slots are recorded as missed', async () => {
    const { site, resumedMs, rows } = await stoppedFor(5, async () => {})
    expect(faultsOf(site, ['second'], rows)).toEqual([])
    const thirds = linesOf(site, 'third')
    expect(new Set(thirds).size).toBe(thirds.length)
    const misses = rows.filter(({ task, outcome }) => task === 'second' && outcome === 'missed')
    expect(misses).toMatchObject([{ reason: 'clock' }])
    const [miss] = misses
    const isLatest = ({ task, slot }: { task: string; slot: string | null }) =>
      task === 'second' && Date.parse(slot ?? '') === Date.parse(miss?.lastSlot ?? '') + 1000
    expect(rows.filter(isLatest)).toMatchObject([{ outcome: 'ok', trigger: 'schedule' }])
    expectTrueEnds(rows, resumedMs)
    const jumps = logOf(site).filter(({ event }) => event === 'clock')
    expect(jumps.map(({ msg }) => msg)).toEqual([expect.stringMatching(/^no tick for [5-9] s: /)])
  })

  test('after 65 s of SIGSTOP slots are missed or caught up; meanwhile commands say that the daemon is stopped', async () => {
    const { site, resumedMs, rows } = await stoppedFor(missedAfterSeconds, commandsOfStopped)
    expect(faultsOf(site, ['second'], rows)).toEqual([])
    const third = rows.filter(({ task }) => task === 'third')
    expect(third.filter(({ outcome }) => outcome === 'missed')).toMatchObject([
      { reason: 'clock', count: expect.any(Number) },
    ])
    expect(third.filter(({ trigger }) => trigger === 'catchup').length).toBeLessThan(2)
    const slots = linesOf(site, 'third')
    expect(new Set(slots).size).toBe(slots.length)
    expectTrueEnds(rows, resumedMs)
    // Requests that were given up had no effect later.
    expect(rows.filter(({ trigger }) => trigger === 'manual')).toEqual([])
  })
})

/** Checks that runs that ended during the stop are recorded with the time of their end. */
function expectTrueEnds(rows: Awaited<ReturnType<typeof historyOf>>, resumedMs: number): void {
  const ends = (task: string) => rows.filter((row) => row.task === task)
  expect(ends('brief')).toMatchObject([{ outcome: 'failed', exitCode: 7 }])
  expect(Date.parse(ends('brief')[0]?.endedAt ?? '')).toBeLessThan(resumedMs)
  expect(ends('again')).toMatchObject([
    { outcome: 'failed', exitCode: 3, attempt: 1 },
    { outcome: 'failed', exitCode: 3, attempt: 2 },
  ])
  expect(ends('long')).toMatchObject([{ outcome: 'timeout' }])
}

/** Each command returns within seconds, names the stopped daemon, and says what to try. */
async function commandsOfStopped(site: Site): Promise<void> {
  const pid = site.pid()
  const words = `the torch daemon of ${site.home}, pid ${pid}, is stopped and does not answer`
  const hint = `hint: resume it with kill -CONT ${pid}; ps -o pid,stat,cmd ${pid} shows its state\n`
  const said = async (...command: string[]) => {
    const { status, stdout, stderr } = await site.torch(...command)
    return { status, stdout, stderr }
  }
  const shown = { status: 0, stderr: `${words}; this is what the files say\n${hint}` }
  const status = await said('status')
  expect(status).toMatchObject({ ...shown, status: 1 })
  expect(status.stdout).toMatch(/^daemon {2}does not answer\nfile {4}\/.*tasks.yaml\n/)
  expect(status.stdout).toContain('5 tasks: 1 running')
  const json = await said('status', '--json')
  expect(json).toMatchObject({ ...shown, status: 1 })
  expect(JSON.parse(json.stdout)).toMatchObject({ daemon: null, file: { path: site.tasks } })
  const history = await said('history', 'second')
  expect(history).toMatchObject(shown)
  expect(history.stdout).toContain('second')
  expect((await said('logs', 'brief')).stdout).toBe('done\n')
  expect(await said('next', 'second', '--count', '1')).toMatchObject(shown)
  for (const command of [['stop'], ['reload'], ['run', 'brief', '--detach'], ['kill', 'long']])
    expect(await said(...command)).toEqual({
      status: 1,
      stdout: '',
      stderr: `torch: ${words}\n${hint}`,
    })
}
