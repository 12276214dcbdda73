import fs from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 60_000 })

const tasks = 'tasks:\n  a: { schedule: "@daily", command: "true" }\n'
const names = [
  ...['daemon', 'tasks', 'host', 'git', 'home', 'disk', 'socket', 'node', 'lock', 'shell', 'nice'],
  ...[
    'prlimit',
    'setpriv',
    'fallocate',
    'launcher',
    'clock',
    'zone',
    'tzdata',
    'memory',
    'descriptors',
  ],
  ...['processes', 'watching', 'user', 'proc', 'init', 'systemd'],
]

interface Report {
  ok: boolean
  checks: { name: string; status: string; found: string; instead: string | null }[]
}

function reportOf(stdout: string) {
  const { ok, checks } = JSON.parse(stdout) as Report
  return { ok, checks, of: (name: string) => checks.find((check) => check.name === name) }
}

describe.concurrent('torch doctor', () => {
  test('without a home and a file, for a program', async () => {
    const site = newSite()
    const { status, stdout, stderr } = await site.torch('doctor', '--json')
    expect([status, stderr]).toEqual([0, ''])
    const { ok, checks, of } = reportOf(stdout)
    expect(ok).toBe(true)
    expect(checks.map(({ name }) => name)).toEqual(names)
    for (const check of checks)
      expect(Object.keys(check)).toEqual(['name', 'status', 'found', 'instead', 'hint'])
    expect(of('home')).toMatchObject({
      status: 'ok',
      found: `${site.home}, which the first start makes`,
    })
    expect(of('tasks')?.found).toBe('none is named, and there is no ./tasks.yaml')
    expect(fs.existsSync(site.home)).toBe(false)
  })

  test('with an empty PATH, for people', async () => {
    const site = newSite(tasks)
    const { status, stdout, stderr } = await site.torchWith({ env: { PATH: '' } }, 'doctor')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`
note     lock         the program flock is not there
                      instead: an abstract Unix socket is the lock: it too ends with the daemon, however that ends
                      try: install util-linux where containers share a home: they do not see that socket
`)
    expect(stdout).toContain('\nok       tasks        tasks.yaml: 1 task, 1 here\n')
    // What matters first, then what is well, then the verdict.
    const [amiss = '', well = '', verdict] = stdout.split('\n\n')
    expect(amiss).not.toMatch(/^(?:ok|problem) /m)
    expect(well.split('\n').every((line) => line.startsWith('ok '))).toBe(true)
    expect(verdict).toMatch(/^torch can run here: (?:\d+ warnings?, )?\d+ notes?\n$/)
  })

  test('with a home that cannot be, and a bad file', async () => {
    const site = newSite(tasks.replace('command', 'comand'))
    const home = site.write('home', 'a file')
    const { status, stdout, stderr } = await site.torch('doctor', '--tasks', 'tasks.yaml')
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'problem  tasks        tasks.yaml:2:28: tasks.a.comand: unknown key "comand"',
      '                      try: torch validate tasks.yaml shows all of it',
      `problem  home         ${home} is no directory`,
      '                      try: choose another with --home or TORCH_HOME',
    ])
    expect(stdout).toMatch(/\n\ntorch cannot run here: 2 problems, .*\n$/)
  })

  test('with programs that hang, and leave children that do', async () => {
    const site = newSite(tasks)
    for (const name of ['git', 'timedatectl', 'chronyc', 'ntpq']) {
      const file = site.write(`bin/${name}`, '#!/bin/sh\n/bin/sleep 60 &\n/bin/sleep 60\n')
      fs.chmodSync(file, 0o755)
    }
    const env = { PATH: `${site.folder}/bin` }
    const { status, stdout } = await site.torchWith({ env }, 'doctor', '--json')
    expect(status).toBe(0)
    const { of } = reportOf(stdout)
    expect(of('git')?.found).toBe('not there')
    expect(of('clock')?.found).not.toContain('timedatectl')
  })

  test('with a daemon, and then with a bad file and an open home', async () => {
    const site = newSite(tasks)
    await site.torch('start')
    const pid = site.pid() ?? 0
    const running = reportOf((await site.torch('doctor', '--json')).stdout)
    expect(running.of('daemon')).toMatchObject({ status: 'ok', found: `pid ${pid}, torch 0.1.0` })
    expect(running.of('log')).toMatchObject({ status: 'ok' })
    expect(running.of('tasks')?.found).toBe(`${site.tasks}: 1 task, 1 here`)
    site.write('tasks.yaml', 'tasks: 5\n')
    fs.chmodSync(site.home, 0o755)
    const worse = reportOf((await site.torch('doctor', '--json')).stdout)
    expect(worse.ok).toBe(true)
    expect(worse.of('tasks')).toMatchObject({
      status: 'warning',
      instead: 'the daemon goes on with the last good file',
    })
    expect(worse.of('home')?.found).toBe(`${site.home} is open to others (mode 755)`)
  })
})
