import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterEach, describe, expect, test } from 'vitest'
import { describeOneNats, natsServer } from '../../support/fleet/nats-server.ts'
import { freePort } from '../../support/free-port.ts'
import { closeSites, newSite, type Site } from '../../support/torch.ts'

let closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.toReversed()) await close()
  closings = []
  await closeSites()
})

interface Report {
  readonly ok: boolean
  readonly version: string
  readonly warnings: readonly string[]
  readonly streams: readonly {
    readonly name: string
    readonly state: string
    readonly did?: string
    readonly differences: readonly { readonly key: string; readonly why: string | null }[]
  }[]
}

/** The rows of `torch doctor`, as `status: found`. */
async function doctorRows(site: Site, config: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await site.torch('doctor', '--json', '--config', config)
  const { checks } = JSON.parse(stdout) as {
    readonly checks: readonly { name: string; status: string; found: string }[]
  }
  return Object.fromEntries(checks.map(({ name, status, found }) => [name, `${status}: ${found}`]))
}

describeOneNats('%s', (program) => {
  test('init makes the streams, check finds what differs, and init --force changes it back', async () => {
    const monitor = await freePort()
    const hasSync = !execFileSync(program, ['--version']).includes('v2.9.')
    const sync = hasSync ? 'sync_interval: always' : ''
    const server = await natsServer(program, `http: "127.0.0.1:${monitor}"\n`, undefined, sync)
    closings.push(() => server.close())
    const site = newSite()
    const config = site.write(
      'torch.yaml',
      `fleet: { name: prod, servers: ["${server.url}"], monitor: "http://127.0.0.1:${monitor}" }\n`,
    )
    const fleet = async (...words: string[]) => {
      const { status, stdout, stderr } = await site.torch('fleet', ...words, '--config', config)
      return { status, text: stdout, stderr }
    }
    const report = async (...words: string[]) => {
      const { status, text } = await fleet(...words, '--json')
      return { status, ...(JSON.parse(text) as Report) }
    }

    const before = await fleet('check')
    expect(before).toMatchObject({ status: 1 })
    expect(before.text).toMatch(/^fleet prod: nats-server 2\.\d+\.\d+ at 127/)
    expect(before.text).toMatch(/^TORCH_prod_CLAIMS +missing$/m)
    expect(before.stderr).toContain('hint: torch fleet init makes what is missing\n')

    const three = await fleet('init')
    expect(three).toMatchObject({ status: 1 })
    expect(three.text).toContain('for a single server use --replicas 1')

    const made = await report('init', '--replicas', '1', '--keep', '7d')
    expect(made).toMatchObject({ status: 0, ok: true })
    expect(made.streams.map(({ did }) => did)).toEqual(['made', 'made', 'made'])
    expect(made.warnings).toContainEqual(expect.stringContaining('with one copy'))
    const again = await report('init')
    expect(again.streams.map(({ did }) => did)).toEqual(['nothing', 'nothing', 'nothing'])
    expect(await report('check')).toMatchObject({ status: 0, ok: true })

    const connection = await connect({ servers: server.url })
    closings.push(() => connection.close())
    const manager = await jetstreamManager(connection)
    await manager.streams.update('TORCH_prod_CLAIMS', {
      max_age: 3_600_000_000_000,
      discard: 'old',
      discard_new_per_subject: false,
    })
    await manager.streams.delete('TORCH_prod_PLACES')
    const changed = await report('check')
    expect(changed).toMatchObject({ status: 1, ok: false })
    expect(changed.streams.map(({ state }) => state)).toEqual(['differs', 'missing', 'ok'])
    const keys = changed.streams[0]?.differences.map(({ key }) => key)
    expect(keys?.toSorted()).toEqual(['discard', 'discard_new_per_subject', 'max_age'])
    const shown = await fleet('check')
    expect(shown.text).toContain(
      '  max_age: 1h, expected 2d; a claim that goes too soon lets its slot start again\n',
    )

    const careful = await report('init')
    expect(careful).toMatchObject({ status: 1 })
    expect(careful.streams.map(({ did }) => did)).toEqual(['failed', 'made', 'nothing'])
    const forced = await report('init', '--force')
    expect(forced).toMatchObject({ status: 0, ok: true })
    expect(forced.streams.map(({ did }) => did)).toEqual(['changed', 'nothing', 'nothing'])
    // What was asked for is compared too.
    expect(await report('check', '--keep', '8d')).toMatchObject({ status: 1 })

    const rows = await doctorRows(site, config)
    expect(rows['fleet']).toMatch(/^(?:ok|warning): .*127\.0\.0\.1:\d+/)
    expect(rows['fleet-streams']).toMatch(/^note: TORCH_prod_CLAIMS is on one server/)
    expect(rows['fleet-claims']).toMatch(
      /^ok: a claim and a place were stored and read back within/,
    )
    expect(rows['fleet-login']).toMatch(/^warning: the servers ask for no login/)
    expect(rows['fleet-clock']).toMatch(/^ok: this clock is within/)
    expect(rows['fleet-name']).toMatch(/^ok: .*: no other daemon has this name$/)
    expect(rows['fleet-tzdata']).toBe(`ok: ${process.versions['tz']}; no other machine answers`)
    expect(rows['fleet-fsync']).toMatch(
      hasSync ? /^ok: / : /^warning: .*does not write each message/,
    )
    await manager.streams.delete('TORCH_prod_CLAIMS')
    const without = await doctorRows(site, config)
    expect(without['fleet-streams']).toBe('warning: the stream TORCH_prod_CLAIMS is missing')
    expect(without['fleet-claims']).toMatch(/^note: claims and places were not tried/)

    await server.crash()
    const gone = await fleet('check')
    expect(gone).toMatchObject({ status: 1, text: '' })
    expect(gone.stderr).toContain('the engine of the fleet prod cannot be used: 127.0.0.1:')
    expect(gone.stderr).toContain(`hint: the section fleet of ${config} names`)
  })

  test('the files that init writes make a server with users, and init makes its streams as setup', async () => {
    const site = newSite('tasks: {}\n')
    const env = { PATH: `${path.dirname(program)}:${process.env['PATH']}` }
    const written = await site.torchWith({ env }, 'fleet', 'init', '--on', 'db1', '--users', 'web1')
    expect(written).toMatchObject({ status: 0 })
    expect(written.stdout).toContain('nats-servers: [db1]\n')
    const folder = path.join(site.folder, 'files')
    fs.mkdirSync(folder)
    for (const name of ['nats-users.conf', 'nats-passwords.conf'])
      fs.copyFileSync(path.join(site.folder, name), path.join(folder, name))
    const server = await natsServer(program, 'include nats-users.conf\n', folder)
    closings.push(() => server.close())
    const passwords = fs.readFileSync(path.join(folder, 'nats-passwords.conf'), 'utf8')
    const as = (user: string): string => {
      const [, password = ''] =
        new RegExp(`^password_${user}: "(\\w+)"$`, 'm').exec(passwords) ?? []
      fs.writeFileSync(path.join(site.folder, user), password, { mode: 0o600 })
      const login = `user: ${user}, host: web1, password_file: ${user}`
      return site.write(`${user}.yaml`, `fleet: { servers: ["${server.url}"], ${login} }\n`)
    }
    const init = await site.torch('fleet', 'init', '--replicas', '1', '--config', as('setup'))
    expect(init, init.stdout + init.stderr).toMatchObject({ status: 0 })
    const check = await site.torch('fleet', 'check', '--config', as('web1'))
    expect(check, check.stdout + check.stderr).toMatchObject({ status: 0 })
    const viewer = await site.torch('fleet', 'check', '--config', as('viewer'))
    expect(viewer).toMatchObject({ status: 1 })
    expect(viewer.stdout).toContain('unknown  this user has no right to it')
  })
})

describe('torch fleet init --on', () => {
  test('the files are written once, and a changed file only with --force; passwords stay', async () => {
    const site = newSite('tasks: {}\n')
    const read = (name: string): string => fs.readFileSync(path.join(site.folder, name), 'utf8')
    const init = (...words: string[]) => site.torch('fleet', 'init', ...words)
    const on = ['--on', 'db1,db2,web1', '--users', 'web2']
    const first = await init(...on)
    expect(first).toMatchObject({ status: 0 })
    expect(first.stderr).toBe(
      'warning: keep nats-passwords.conf out of git: name it in .gitignore\n',
    )
    const passwords = read('nats-passwords.conf')
    expect(passwords.match(/^password_\S+(?=: "\w{32}"$)/gm)).toEqual(
      ['db1', 'db2', 'web1', 'web2', 'operator', 'viewer', 'setup', 'routes'].map(
        (name) => `password_${name}`,
      ),
    )
    expect(fs.statSync(path.join(site.folder, 'nats-passwords.conf')).mode & 0o777).toBe(0o600)
    const texts = ['nats.conf', 'nats-users.conf'].map(read)
    for (const text of [...texts, first.stdout]) expect(text).not.toMatch(/[0-9a-f]{32}/)

    site.write('.gitignore', 'nats-passwords.conf\n')
    const second = await init(...on, '--json')
    expect(second).toMatchObject({ status: 0, stderr: '' })
    const { files } = JSON.parse(second.stdout) as { files: readonly { did: string }[] }
    expect(files.map(({ did }) => did)).toEqual(['unchanged', 'unchanged', 'unchanged'])

    const other = [...on, '--users', 'web3']
    const refused = await init(...other)
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toMatch(
      /nats-users\.conf: there is a file with other content\nhint: .*--force/,
    )
    expect(read('nats-passwords.conf')).toBe(passwords)
    expect(await init(...other, '--force')).toMatchObject({ status: 0 })
    const more = read('nats-passwords.conf')
    for (const line of passwords.trim().split('\n')) expect(more).toContain(`${line}\n`)
    expect(more).toMatch(/^password_web3: "\w{32}"$/m)
  })

  test('what makes no sense is refused', async () => {
    const site = newSite('tasks: {}\n')
    const config = site.write('bad.yaml', 'fleet: { nmae: prod }\n')
    for (const [words, message] of [
      [['init', '--on', 'db1,db2'], 'two servers stand still when one of them is down'],
      [['init', '--on', 'db1', '--users', 'viewer'], 'viewer cannot be the user of a machine'],
      [['init', '--on', 'a/b'], 'not a machine: "a/b"'],
      [['init'], 'this machine is in no fleet'],
      [['check', '--config', config], `${config}: fleet: unknown key "nmae"`],
      [
        ['chekc'],
        'expected status, history, logs, run, kill, reload, why, init or check; got "chekc"',
      ],
      [[], 'torch fleet needs a VERB'],
    ] as const) {
      const { status, stderr } = await site.torch('fleet', ...words)
      expect(status).toBe(2)
      expect(stderr).toContain(`torch: ${message}`)
      expect(stderr).toContain('\nhint: ')
    }
    expect(fs.readdirSync(site.folder).filter((name) => name.startsWith('nats'))).toEqual([])
    // Other commands do not look into the section.
    expect(await site.torch('next', '--config', config)).toMatchObject({ status: 0 })
    const start = await site.torch('start', '--config', config)
    expect(start).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('unknown key "nmae"'),
    })
  })

  test('beside a folder of tasks files, the task is one of them, and torch takes it', async () => {
    const site = newSite()
    site.write('tasks/a.yaml', 'tasks: { a: { schedule: "@daily", command: "true" } }\n')
    const { status } = await site.torch('fleet', 'init', '--on', 'db1,db2,web1')
    expect(status).toBe(0)
    expect(fs.readdirSync(path.join(site.folder, 'tasks'))).toEqual([
      'a.yaml',
      'nats.conf',
      'nats.yaml',
    ])
    expect(await site.torch('validate', 'tasks')).toMatchObject({ status: 0 })
    const plan = await site.torch('plan', 'tasks', '--host', 'db2')
    expect(plan.stdout).toMatch(/nats/)
  })
})
