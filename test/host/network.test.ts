import { expect, test } from 'vitest'
import { fullName } from '../../src/host/network.ts'

const hosts =
  '127.0.0.1 localhost\n# 10.0.0.9 db1.old.example.com db1\n127.0.1.1\tdb1.example.com db1\n'
test.each([
  { name: 'db1', hosts, whole: 'db1.example.com' },
  { name: 'db1.other.org', hosts, whole: 'db1.other.org' },
  { name: 'web1', hosts, whole: 'web1' },
  { name: 'db1', hosts: '127.0.1.1 db1\n', whole: 'db1' },
  { name: 'db1', hosts: '', whole: 'db1' },
])('the full name of $name is $whole', ({ name, hosts: text, whole }) => {
  expect(fullName(name, text)).toBe(whole)
})
