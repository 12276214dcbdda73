import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { diskFiles } from '../../src/host/files.ts'
import { realProcesses } from '../../src/host/processes.ts'
import { readSecret, withoutSecrets } from '../../src/notify/secrets.ts'
import type { Secret } from '../../src/tasks/notify.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-secret-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

function host(uid: number, facts: Partial<ReturnType<typeof diskFiles.facts>> = {}) {
  const files = {
    ...diskFiles,
    facts(name: string) {
      const found = diskFiles.facts(name)
      return found && { ...found, ...facts }
    },
  }
  return { files, processes: { ...realProcesses, uid } }
}

function file(name: string, text: string): Secret {
  fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 })
  return { file: path.join(folder, name) }
}

test('a secret is in the tasks file, in a file or in a variable of the daemon', () => {
  const own = host(1000)
  expect(readSecret(own, 'https://a', {})).toBe('https://a')
  expect(readSecret(own, { env: 'URL' }, { URL: ' https://b\n' })).toBe('https://b')
  expect(readSecret(own, file('url', '\nhttps://c \nsecond\n'), {})).toBe('https://c')
  expect(() => readSecret(own, { env: 'URL' }, {})).toThrow('the daemon has no variable URL')
  expect(() => readSecret(own, { file: '/no/such' }, {})).toThrow('/no/such does not exist')
  expect(() => readSecret(own, file('empty', ' \n'), {})).toThrow('empty is empty')
  expect(() => readSecret(own, { file: folder }, {})).toThrow('is a directory')
  expect(() => readSecret(own, file('big', 'x'.repeat(9_000)), {})).toThrow('9000 bytes')
})

test.each([
  [0, { uid: 0, gid: 0, mode: 0o600 }, undefined],
  [0, { uid: 0, gid: 0, mode: 0o640 }, undefined],
  [0, { uid: 0, gid: 7, mode: 0o640 }, 'chmod 600'],
  [0, { uid: 0, gid: 0, mode: 0o644 }, 'chmod 600'],
  [0, { uid: 0, gid: 0, mode: 0o620 }, 'chmod 600'],
  [0, { uid: 1000, gid: 0, mode: 0o600 }, 'chown root'],
  [1000, { uid: 0, gid: 0, mode: 0o644 }, undefined],
])('the daemon of uid %i and a file of %o', (uid, facts, error) => {
  const read = (): string => readSecret(host(uid, facts), file('s', 'value'), {})
  if (error === undefined) expect(read()).toBe('value')
  else expect(read).toThrow(error)
})

test('no part of a URL stays in a text of the other side', () => {
  const url = 'https://user:passw0rd@hooks.example.com/services/T000/B%20x/abcdef?key=value1'
  const text = `POST /services/T000/B x/abcdef at hooks.example.com by user (passw0rd): value1, ${url}`
  expect(withoutSecrets(text, url)).not.toMatch(/T000|B x|abcdef|hooks|passw0rd|value1|user/)
  expect(withoutSecrets('invalid_payload', url)).toBe('invalid_payload')
  expect(withoutSecrets('my password', 'password')).toBe('my …')
})
