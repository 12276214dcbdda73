import os from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { realAccounts } from '../../src/host/accounts.ts'
import { realProcesses } from '../../src/host/processes.ts'

const { HOME } = process.env
afterEach(() => {
  vi.restoreAllMocks()
  process.env['HOME'] = HOME
})

test('a user without a name, as in a container, is named by its number', () => {
  vi.spyOn(os, 'userInfo').mockImplementation(() => {
    throw new Error('uv_os_get_passwd returned ENOENT')
  })
  const { uid, gid } = realProcesses
  process.env['HOME'] = '/data'
  expect(realAccounts.self()).toEqual({ name: String(uid), uid, gid, home: '/data' })
  delete process.env['HOME']
  expect(realAccounts.self().home).toBe('/')
})
