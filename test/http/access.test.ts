import { expect, test } from 'vitest'
import {
  type Caller,
  cookieFor,
  givenToken,
  isOurHost,
  newTokenGate,
  refusedPost,
} from '../../src/http/access.ts'
import { hostNamesOf, parseListen } from '../../src/http/listen-address.ts'

const token = 'a'.repeat(43)

function caller(headers: Record<string, string>, localAddress = '10.0.1.5'): Caller {
  return { address: '10.0.0.9', localAddress, header: (name) => headers[name] }
}

test('the eleventh wrong token of an address within a minute has to wait, and a right one never', () => {
  let now = 0
  const gate = newTokenGate(token, () => now)
  const answers = Array.from({ length: 11 }, () => gate.judge('wrong', '10.0.0.9'))
  expect(answers).toEqual([...Array.from({ length: 10 }, () => 'wrong'), 'wait'])
  expect(gate.judge(undefined, '10.0.0.9')).toBe('none')
  expect(gate.judge(token, '10.0.0.9')).toBe('right')
  expect(gate.judge('wrong', '10.0.0.10')).toBe('wrong')
  now = 60_000
  expect(gate.judge('wrong', '10.0.0.9')).toBe('wrong')
})

test('a thousand addresses with wrong tokens are remembered, and the oldest is forgotten', () => {
  const gate = newTokenGate(token, () => 0)
  for (let wrong = 0; wrong < 10; wrong++) gate.judge('wrong', 'first')
  expect(gate.judge('wrong', 'first')).toBe('wait')
  for (let address = 0; address < 1_000; address++) gate.judge('wrong', `a${address}`)
  expect(gate.judge('wrong', 'first')).toBe('wrong')
})

test.each([
  [{ authorization: `Bearer ${token}` }, token],
  [{ authorization: 'bearer other' }, 'other'],
  [{ authorization: 'Basic eDp5' }, undefined],
  [{ cookie: `a=b; ${cookieFor(token, false).split(';')[0]}; c=d` }, token],
  [{ cookie: `torch=${token}` }, undefined],
  [{}, undefined],
])('of the headers %o the token is %s', (headers, expected) => {
  expect(givenToken(caller(headers as Record<string, string>), token)).toBe(expected)
})

test.each([
  ['localhost:8181', true],
  ['LOCALHOST', true],
  ['127.0.0.1:9000', true],
  ['torch.example.com', true],
  ['10.0.1.5:8181', true],
  ['10.0.1.6:8181', false],
  ['[::1]:8181', false],
  ['evil.example.com:8181', false],
  ['localhost.evil.example.com', false],
  ['localhost:8181@evil.example.com', false],
  ['evil.example.com localhost', false],
  ['', false],
])('the Host header %s is ours: %s', (host, expected) => {
  const hostNames = hostNamesOf({ kind: 'tcp', host: '127.0.0.1', port: 8181 }, [
    'Torch.Example.com',
  ])
  const rules = { token, once: new Set<string>(), hostNames, isSecure: false }
  expect(isOurHost(rules, caller({ host }))).toBe(expected)
})

test.each([
  [{ 'x-torch': '1' }, true],
  [{ 'x-torch': '1', origin: 'http://localhost:8181' }, true],
  [{ 'x-torch': '1', origin: 'https://localhost:8181', 'sec-fetch-site': 'same-origin' }, true],
  [{}, false],
  [{ origin: 'http://localhost:8181' }, false],
  [{ 'x-torch': '1', origin: 'http://localhost:8182' }, false],
  [{ 'x-torch': '1', origin: 'http://evil.example.com' }, false],
  [{ 'x-torch': '1', origin: 'null' }, false],
  [{ 'x-torch': '1', origin: '' }, false],
  [{ 'x-torch': '1', 'sec-fetch-site': 'cross-site' }, false],
  [{ 'x-torch': '1', 'sec-fetch-site': 'same-site' }, false],
])('a POST with %o is accepted: %s', (headers, isAccepted) => {
  const asked = caller({ host: 'localhost:8181', ...headers })
  expect(refusedPost(asked) === undefined).toBe(isAccepted)
})

test.each([
  ['127.0.0.1:8181', { kind: 'tcp', host: '127.0.0.1', port: 8181 }],
  ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
  ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1 }],
  ['8181', { kind: 'tcp', host: '127.0.0.1', port: 8181 }],
  ['0.0.0.0:0', { kind: 'tcp', host: '0.0.0.0', port: 0 }],
  ['unix:/run/torch-web.sock', { kind: 'unix', path: '/run/torch-web.sock' }],
  ['unix:relative.sock', undefined],
  ['example.com:80', undefined],
  ['10.0.0.0/8:80', undefined],
  ['127.0.0.1', undefined],
  ['127.0.0.1:65536', undefined],
  ['::1:80', undefined],
])('--listen %s is %o', (text, expected) => {
  expect(parseListen(text)).toEqual(expected)
})
