import { expect, test } from 'vitest'
import { homeAddress, readAddress, writeAddress } from '../../src/web/model/address.ts'

test('every choice of the page comes back from its address', () => {
  const address = {
    ...homeAddress,
    filter: 'backup env=prod & <b>',
    group: 'failing',
    order: 'name',
    span: '3d',
    at: Date.UTC(2026, 2, 8, 3, 0, 0),
    host: 'db-1',
    task: '../a?b#c',
    machines: 'all',
    run: '20260308T030000Z-1',
    tab: 'history',
    only: 'failed',
  } as const
  expect(readAddress(writeAddress(address))).toEqual(address)
  const day = { ...homeAddress, day: 'missed' } as const
  expect(writeAddress(day)).toBe('?day=missed')
  expect(readAddress('?day=missed')).toEqual(day)
  expect(readAddress('?day=ok')).toEqual(homeAddress)
})

test.each([
  ['', homeAddress],
  ['?', homeAddress],
  ['?span=9y&at=never&tab=<script>&show=all&order=up', homeAddress],
  ['?span=toString', homeAddress],
  ['?q=&task=', homeAddress],
  ['?q=a+b', { ...homeAddress, filter: 'a b' }],
])('the address %s is read without an error', (query, address) => {
  expect(readAddress(query)).toEqual(address)
})

test('the page without a choice has an empty query', () => {
  expect(writeAddress(homeAddress)).toBe('?')
})

test('a run is not in the address without its task', () => {
  expect(writeAddress({ ...homeAddress, run: 'abc', tab: 'history' })).toBe('?')
})
