import fs from 'node:fs'
import { connect } from '@nats-io/transport-node'
import { afterEach, expect, test } from 'vitest'
import { describeOneNats } from '../../support/fleet/nats-server.ts'
import { usersServer } from '../../support/fleet/nats-users.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'
import { until } from '../../support/until.ts'

let closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.toReversed()) await close()
  closings = []
  await closeSites()
})

const tasks = `timezone: UTC
tasks:
  job: { schedule: "@yearly", scope: fleet, max: unlimited, command: "echo first; echo second; exit 3", labels: { team: data } }
  always: { type: daemon, scope: fleet, fence: 15s, kill_after: 1s, command: "echo up; exec sleep 600" }
  plain: { schedule: "@yearly", command: "echo plain" }
  every: { schedule: "*/5 * * * * *", scope: fleet, max: unlimited, command: "true" }
`

interface Machine {
  readonly host: string
  readonly state: string
  readonly running: number
  readonly places: readonly string[]
}
interface Status {
  readonly machines: readonly Machine[]
  readonly tasks: readonly {
    readonly name: string
    readonly next: string | null
    readonly running: readonly { readonly host: string; readonly isSure: boolean }[]
  }[]
}
interface Row {
  readonly host: string
  readonly task: string
  readonly outcome: string
  readonly slot: string | null
  readonly run: string | null
}

/** The session of each machine, as all machines hear it. */
async function hearSessions(url: string, passwordFile: string) {
  const pass = fs.readFileSync(passwordFile, 'utf8')
  const connection = await connect({ servers: url, user: 'viewer', pass })
  const sessions = new Map<string, string>()
  connection.subscribe('torch.prod.hb.*', {
    callback(_, message) {
      const { beat } = message.json<{ beat: { host: string; session: string } }>()
      sessions.set(beat.host, beat.session)
    },
  })
  return { sessions, stopHearing: () => connection.close() }
}

describeOneNats('%s', (program) => {
  test('any machine shows all of them and their history, runs and ends tasks there, also for one that is down', async () => {
    const names = ['db1', 'web1']
    const { server, passwordFile, close } = await usersServer(program, names)
    closings.push(close)
    const config = (site: Site, host: string, user: string): string =>
      site.write(
        `${user}.yaml`,
        `fleet: { name: prod, servers: ["${server.url}"], host: ${host}, user: ${user}, password_file: ${passwordFile} }\n`,
      )
    const sites = names.map((name) => {
      const site = newSite(tasks)
      return { site, config: config(site, name, name) }
    })
    for (const { site, config: file } of sites) {
      const started = await site.torch('start', '--tasks', site.tasks, '--config', file)
      expect(started, started.stderr).toMatchObject({ status: 0 })
    }
    const [db1, web1] = sites
    if (db1 === undefined || web1 === undefined) throw new Error('no sites')
    const fleet = (...words: string[]) => db1.site.torch('fleet', ...words)
    const json = async <T>(...words: string[]): Promise<T> => {
      const { stdout, stderr } = await fleet(...words, '--json')
      try {
        return JSON.parse(stdout) as T
      } catch {
        throw new Error(stdout + stderr)
      }
    }
    const ownerOf = async (): Promise<string | undefined> => {
      const status = await json<Status>('status')
      return status.tasks.find(({ name }) => name === 'always')?.running[0]?.host
    }
    // The other machine may have said nothing yet.
    const machinesUp = async () => (await fleet('status')).stdout.includes('2 of 2 machines up')
    await until(machinesUp, 'both machines')
    const status = await fleet('status')
    expect(status).toMatchObject({ status: 0, stderr: '' })
    expect(status.stdout).toMatch(
      /^prod on 127\.0\.0\.1:\d+ \(2\.\d+\.\d+, 1 copy\) {3}2 of 2 machines up/,
    )
    expect(status.stdout).toMatch(/^db1 +up /m)
    expect(status.stdout).not.toMatch(/^plain/m)

    const doctor = await db1.site.torch('doctor', '--json', '--config', db1.config)
    const { checks } = JSON.parse(doctor.stdout) as {
      readonly checks: readonly { readonly name: string; readonly found: string }[]
    }
    const found = Object.fromEntries(checks.map(({ name, found: words }) => [name, words]))
    expect(found['fleet-name']).toBe('db1: no other daemon has this name')
    expect(found['fleet-tzdata']).toBe(`${process.versions['tz']} on all machines`)
    expect(found['fleet-login']).toBe('this machine may not tell others what to run')
    expect(found['fleet-claims']).toMatch(/^a claim and a place were stored and read back within/)

    // The other machine has answered, and may not have said anything by itself yet.
    let metrics = ''
    await until(async () => {
      metrics = (await db1.site.torch('metrics')).stdout
      return /^torch_fleet_hosts\{state="up"\} 2$/m.test(metrics)
    }, 'the heartbeat of the other machine')
    expect(metrics).toMatch(/^torch_fleet_up 1$/m)
    expect(metrics).toMatch(/^torch_fleet_leader 1$/m)
    expect(metrics).toMatch(/^torch_fleet_unreachable_seconds_total \d/m)

    // A machine may not tell others: that is for the operator.
    const refused = await fleet('run', 'job', '--on', 'web1')
    expect(refused).toMatchObject({ status: 1, stdout: '' })
    expect(refused.stderr).toContain('hint: use the login of the user operator')
    const operator = ['--config', config(db1.site, 'db1', 'operator')]
    const run = await fleet('run', 'job', '--on', 'web1', ...operator)
    expect(run.stdout).toBe('first\nsecond\n')
    expect(run).toMatchObject({ status: 3, stderr: expect.stringContaining('job ended: failed 3') })
    expect(await fleet('reload', ...operator)).toMatchObject({
      ...{ status: 0, stdout: 'db1: 4 tasks: nothing changed\nweb1: 4 tasks: nothing changed\n' },
    })
    expect(await fleet('run', 'plain', ...operator)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('name one with --on'),
    })

    await until(async () => {
      const rows = await json<Row[]>('history', 'job')
      return rows.some(({ host, outcome }) => host === 'web1' && outcome === 'failed')
    }, 'the row of the run')
    const logs = await fleet('logs', 'job')
    expect(logs.stdout).toBe('web1 job | first\nweb1 job | second\n')
    expect(await json('logs', 'job')).toMatchObject({
      ...{ host: 'web1', task: 'job', output: 'first\nsecond\n' },
    })
    const [labelled] = await json<(Row & { run: string })[]>('history', '--label', 'team=data')
    expect(labelled).toMatchObject({
      task: 'job',
      trigger: 'manual',
      by: expect.stringMatching(/.@./),
    })
    const events = (await fleet('logs', labelled?.run ?? '', '-f', '--json')).stdout
    const at = expect.stringMatching(/^20.*Z$/)
    expect(
      events
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { host: 'web1', task: 'job', run: labelled?.run, line: 'first', at },
      { host: 'web1', line: 'second' },
      { host: 'web1', task: 'job', end: { outcome: 'failed', exitCode: 3 } },
    ])
    const some = await json<Status>('status', '--label', 'team=data')
    expect(some.tasks.map(({ name }) => name)).toEqual(['job'])

    let every: Row[] = []
    await until(async () => {
      every = await json<Row[]>('history', 'every', '--outcome', 'ok', '-n', '50')
      return every.length > 0
    }, 'a run of the shared task')
    const slots = every.map(({ slot }) => slot)
    expect(new Set(slots).size).toBe(slots.length)
    const [slot = ''] = slots
    const why = await fleet('why', 'every', slot ?? '')
    expect(why).toMatchObject({ status: 0 })
    expect(why.stdout).toMatch(/^claim {5}(?:db1|web1) at .* after its time/m)
    expect(why.stdout).toMatch(/^web1 +is number [12] of 2 for this slot/m)

    // The streams are as old as the promise of a place by now.
    await until(async () => (await ownerOf()) !== undefined, 'the daemon task')
    expect((await fleet('status')).stdout).toMatch(/^always 1\/1 +always +(?:db1|web1) +running$/m)
    // After a restart it is the same machine to the others, and has the same run in the same place.
    const owner = (await ownerOf()) ?? ''
    const site = sites[names.indexOf(owner)]
    const { sessions, stopHearing } = await hearSessions(server.url, passwordFile)
    closings.push(stopHearing)
    const runsOf = async () => {
      const rows = await json<Row[]>('history', 'always')
      return rows.map((row) => `${row.host} ${row.run} ${row.outcome}`)
    }
    await until(() => sessions.has(owner), 'the session')
    const before = [sessions.get(owner), await runsOf()]
    expect(await site?.site.torch('restart')).toMatchObject({ status: 0 })
    sessions.clear()
    await until(() => sessions.has(owner), 'the session after the restart')
    expect([sessions.get(owner), await runsOf()]).toEqual(before)

    // It does not wait for the end of a run that still runs.
    const printed = await fleet('logs', 'always', '-n', '1')
    expect(printed).toMatchObject({ status: 0, stdout: `${owner} always | up\n` })
    const killed = await fleet('kill', `always@${owner}`, ...operator)
    expect(killed.stdout).toMatch(new RegExp(`^ending always \\S+ on ${owner}\n$`))

    // A machine that is killed is seen by what it left.
    await until(async () => (await ownerOf()) !== undefined, 'the daemon task')
    const pid = web1.site.pid() ?? 0
    process.kill(pid, 'SIGKILL')
    await until(async () => {
      const { machines } = await json<Status>('status')
      return machines.find(({ host }) => host === 'web1')?.state === 'silent'
    }, 'the silence of web1')
    const rows = await json<Row[]>('history', 'job')
    expect(rows).toMatchObject([{ host: 'web1', outcome: 'failed' }])
    expect(await fleet('logs', 'job')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('web1 does not answer'),
    })

    const unknown = [
      ['run', 'jbo'],
      ['kill', 'jbo'],
      ['logs', 'jbo'],
      ['history', 'jbo'],
    ]
    for (const each of [...unknown, ['why', 'jbo', '2026-11-28T02:30']])
      expect(await fleet(...each), each.join(' ')).toMatchObject({
        ...{ status: 2, stdout: '' },
        stderr: expect.stringContaining('there is no task "jbo"\nhint: did you mean "job"?'),
      })
    expect(await fleet('history', '--on', 'web9')).toMatchObject({ status: 2, stdout: '' })

    // Without the engine it says since when, and shows this machine.
    await server.crash()
    await until(async () => (await fleet('status')).status === 1, 'the loss of the engine')
    const alone = await fleet('status')
    expect(alone.stdout).toMatch(/^prod: the fleet cannot be reached since 20\d\d-.*: 127/)
    expect(alone.stdout).toMatch(/^this is what db1 knows[^]*^job +2/m)
    const own = await fleet('history')
    expect(own).toMatchObject({ status: 1, stdout: expect.stringMatching(/^AT +HOST +TASK/) })
    expect(own.stderr).toContain('note: only the rows of this machine')
    const words = [
      ['run', 'every'],
      ['kill', 'always'],
      ['logs', 'every', '-f'],
    ]
    for (const each of [...words, ['why', 'every', slot ?? '']])
      expect(await fleet(...each), each.join(' ')).toMatchObject({
        ...{ status: 1, stdout: '' },
        stderr: expect.stringContaining('torch: the engine of the fleet cannot be reached: '),
      })
    expect(await fleet('logs', 'every')).toMatchObject({
      ...{ status: 1, stdout: '' },
      stderr: expect.stringMatching(/^db1 every 2.*\nnote: only the rows of this machine/),
    })
    expect(await db1.site.torch('stop')).toMatchObject({ status: 0 })
    expect(await fleet('status')).toMatchObject({ status: 3 })
  }, 300_000)
})

test('without a section fleet the words say so', async () => {
  const site = newSite('tasks: {}\n')
  expect(await site.torch('start', '--tasks', site.tasks)).toMatchObject({ status: 0 })
  expect(await site.torch('fleet', 'status')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('torch: the daemon is in no fleet\nhint: '),
  })
})
