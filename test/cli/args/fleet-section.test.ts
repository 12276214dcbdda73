import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fleetName, fleetSettings } from '../../../src/cli/args/fleet-section.ts'

const base = { folder: '/etc/torch', userHome: '/root' }
const section = (yaml: string) => ({ file: 'torch.yaml', base, value: parse(yaml) as unknown })
const read = (yaml: string) => fleetSettings(section(yaml), 'web1.example.com')

describe('the section fleet', () => {
  test('servers are enough', () => {
    expect(read('servers: db1')).toEqual({
      ...{ name: 'torch', servers: ['nats://db1'], login: { kind: 'none' }, tls: undefined },
      ...{ host: 'web1.example.com', accept: ['run', 'kill', 'reload'], share: 'problems' },
      monitor: undefined,
    })
  })

  test('everything can be set, and paths are relative to the file', () => {
    const yaml = `
name: prod
servers: [nats://db1:4222, "tls://[fd00::1]:4222", db3:4223]
user: web1
password_file: fleet.password
tls: { ca: ca.pem, cert: /etc/ssl/web1.pem, key: ~/web1.key }
host: web1
accept: [kill]
share: all
monitor: http://db1:8222
`
    expect(read(yaml)).toEqual({
      ...{ name: 'prod', servers: ['nats://db1:4222', 'tls://[fd00::1]:4222', 'nats://db3:4223'] },
      login: { kind: 'password', user: 'web1', file: '/etc/torch/fleet.password' },
      tls: { ca: '/etc/torch/ca.pem', cert: '/etc/ssl/web1.pem', key: '/root/web1.key' },
      ...{ host: 'web1', accept: ['kill'], share: 'all', monitor: 'http://db1:8222' },
    })
  })

  test.each([
    ['creds: a.creds', { kind: 'creds', file: '/etc/torch/a.creds' }],
    ['token_file: t', { kind: 'token', file: '/etc/torch/t' }],
    ['nkey_file: ../n', { kind: 'nkey', file: '/etc/n' }],
  ])('%s is a login', (yaml, login) => {
    expect(read(`servers: db1\n${yaml}`)).toMatchObject({ login })
  })

  test('nothing of others is accepted with an empty list, and TLS is wanted with an empty map', () => {
    expect(read('servers: db1\naccept: []\ntls: {}')).toMatchObject({
      accept: [],
      tls: { ca: undefined, cert: undefined, key: undefined },
    })
  })

  test.each([
    ['', 'fleet: expected a map', 'such as fleet: {'],
    ['[a]', 'fleet: expected a map', 'such as fleet: {'],
    ['name: prod', 'fleet.servers: names no server', 'such as servers:'],
    ['servers: []', 'fleet.servers: names no server', 'such as servers:'],
    ['server: db1', 'fleet: unknown key "server"', 'did you mean "servers"?'],
    ['servres: db1', 'fleet: unknown key "servres"', 'did you mean "servers"?'],
    ['zzz: 1', 'fleet: unknown key "zzz"', 'the keys are name, servers, user,'],
    ['password: x', 'fleet: unknown key "password"', 'a file of its own'],
    ['token: x', 'fleet: unknown key "token"', 'a file of its own'],
    ['servers: db1\nname: Prod_1', 'fleet.name: not a valid value: "Prod_1"', 'lower-case'],
    ['servers: http://db1', 'fleet.servers: not the URL of a NATS server: http://db1', 'nats://'],
    ['servers: nats://db1/x', 'fleet.servers: not the URL of a NATS server', 'nats://'],
    ['servers: nats://db1:99999', 'fleet.servers: not a server: "nats://db1:99999"', 'nats://'],
    ['servers: [1]', 'fleet.servers: not a server: 1', 'nats://'],
    ['servers: db1\nuser: web1', 'fleet.user: user and password_file belong', 'set both'],
    ['servers: db1\npassword_file: p', 'fleet.password_file: user and password_file', 'set both'],
    ['servers: db1\ncreds: a\ntoken_file: b', 'fleet: has more than one login', 'keep one'],
    ['servers: db1\ntls: yes', 'fleet.tls: expected a map', 'such as'],
    ['servers: db1\ntls: { cert: c }', 'fleet.tls: cert and key belong together', 'set both'],
    [
      'servers: db1\ntls: { cafile: c }',
      'fleet.tls: unknown key "cafile"',
      'the keys are ca, cert, key',
    ],
    ['servers: db1\nhost: a b', 'fleet.host: not a valid value: "a b"', 'letters'],
    ['servers: db1\naccept: [rum]', 'fleet.accept: expected one of', 'did you mean "run"?'],
    ['servers: db1\nshare: 7', 'fleet.share: expected one of none, problems, all', 'share: none'],
    ['servers: db1\nmonitor: db1', 'fleet.monitor: not a valid value', 'http://db1:8222'],
  ])('%j is refused', (yaml, message, hint) => {
    expect(() => read(yaml)).toThrowError(
      expect.objectContaining({
        ...{ code: 'bad-config', exit: 2 },
        message: expect.stringContaining(`torch.yaml: ${message}`) as string,
        hint: expect.stringContaining(hint) as string,
      }),
    )
  })

  test('a secret in a URL is refused without showing it', () => {
    for (const url of ['nats://me:s3cret@db1:4222', 'nats://s3cret@db1', 's3cret@db1']) {
      const thrown = (() => {
        try {
          return read(`servers: ["${url}"]`)
        } catch (error) {
          return error
        }
      })()
      expect(thrown).toMatchObject({ message: expect.stringContaining('has a user or a secret') })
      expect(JSON.stringify(thrown) + String(thrown)).not.toContain('s3cret')
    }
  })

  test('the name of a fleet needs no servers', () => {
    expect(fleetName(undefined)).toBe('torch')
    expect(fleetName(section('name: prod'))).toBe('prod')
    expect(fleetName({ file: path.sep, base, value: {} })).toBe('torch')
  })
})
