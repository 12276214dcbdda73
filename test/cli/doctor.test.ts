import fs from 'node:fs'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { closeSites, newSite } from '../support/torch.ts'

afterAll(closeSites)
vi.setConfig({ testTimeout: 120_000 })

const tasks = 'tasks:\n  a: { schedule: "@daily", command: "true" }\n'
const names = [
  ...[
    'daemon',
    'tasks',
    'host',
    'git',
    'home',
    'disk',
    'socket',
    'cache',
    'node',
    'lock',
    'shell',
    'nice',
  ],
  ...[
    'prlimit',
    'setpriv',
    'fallocate',
    'launcher',
    'sockets',
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
  test('doctor --json works without a home and a tasks file', async () => {
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
      found: `${site.home} does not exist yet; the first start creates it`,
    })
    expect(of('tasks')?.found).toBe('no tasks file is named, and ./tasks.yaml does not exist')
    expect(fs.existsSync(site.home)).toBe(false)
  })

  test('doctor finds the programs of the system with an empty PATH too', async () => {
    const site = newSite(tasks)
    const { status, stdout, stderr } = await site.torchWith({ env: { PATH: '' } }, 'doctor')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/\nok       lock         \/\S*\/flock\n/)
    expect(stdout).toContain('\nok       tasks        tasks.yaml: 1 task, 1 here\n')
    // The most severe findings first, then the ok ones, then the summary.
    const [notOk = '', fine = '', summary] = stdout.split('\n\n')
    expect(notOk).not.toMatch(/^(?:ok|problem) /m)
    expect(fine.split('\n').every((line) => line.startsWith('ok '))).toBe(true)
    expect(summary).toMatch(/^torch can run here: (?:\d+ warnings?, )?\d+ notes?\n$/)
  })

  test('doctor exits 1 for an impossible home and a bad tasks file', async () => {
    const site = newSite(tasks.replace('command', 'comand'))
    const home = site.write('home', 'a file')
    const { status, stdout, stderr } = await site.torch('doctor', '--tasks', 'tasks.yaml')
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'problem  tasks        tasks.yaml:2:28: tasks.a.comand: unknown key "comand"',
      '                      try: see all problems with: torch validate tasks.yaml',
      `problem  home         ${home} is not a directory`,
      '                      try: choose another home with --home or TORCH_HOME',
    ])
    expect(stdout).toMatch(/\n\ntorch cannot run here: 2 problems, .*\n$/)
  })

  test('doctor does not wait for programs that hang', async () => {
    const site = newSite(tasks)
    for (const name of ['timedatectl', 'chronyc', 'ntpq']) {
      const file = site.write(`bin/${name}`, '#!/bin/sh\n/bin/sleep 60 &\n/bin/sleep 60\n')
      fs.chmodSync(file, 0o755)
    }
    const env = { PATH: `${site.folder}/bin` }
    const { status, stdout } = await site.torchWith({ env }, 'doctor', '--json')
    expect(status).toBe(0)
    const { of } = reportOf(stdout)
    expect(of('clock')?.found).not.toContain('timedatectl')
  })

  test('doctor knows the running daemon, then a bad file and an open home', async () => {
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
      instead: 'the daemon keeps the last good file',
    })
    expect(worse.of('home')?.found).toBe(`${site.home} is open to others (mode 755)`)
  })
})
