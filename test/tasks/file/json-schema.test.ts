import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseDuration } from '../../../src/text/duration.ts'
import { tasksJsonSchema } from '../../../src/tasks/file/json-schema.ts'
import { keysAt } from '../../../src/tasks/file/schema.ts'
import { parseSize } from '../../../src/text/size.ts'
import { schemaChecker } from '../../support/json-schema.ts'

const schema = tasksJsonSchema()
const task = { schedule: '@daily', command: 'run' }
const full = {
  timezone: 'Asia/Shanghai',
  hosts: { web: ['10.0.1.0/24'] },
  sources: { ops: 'https://x.example/%s' },
  notify: {
    ops: { webhook: 'https://x.example', format: 'slack' },
    oncall: { mail: ['a@x.example'], smtp: { file: '/x' }, password_file: '/y' },
    log: { command: ['logger'] },
  },
  heartbeat: { url: { env: 'X' }, every: '1m' },
  web_url: 'https://x.example',
  defaults: { timeout: '1h', notify: { to: ['ops'], on: ['failed', 'refused'] } },
  tasks: {
    h: { ...task, notify: ['ops', 'log'], ping: { url: 'https://x.example', on: ['ok'] } },
    a: { ...task, hosts: ['web', '!10.0.1.9'], retry: { attempts: 3, delay: '1m' }, umask: '022' },
    d: { type: 'manual', script: 'ops:a', input: 'queue' },
    e: { schedule: '@daily', script: { url: 'https://x.example/a', update: '1h' }, command: 'x' },
    f: { type: 'daemon', command: ['x'], listen: [80, 'unix:/run/x'], ready: { line: 'up' } },
    g: { type: 'daemon', command: ['x'], listen: { web: '0.0.0.0:80' }, input: { mode: 'live' } },
    b: { type: 'daemon', command: ['node', 'x.js'], max: 4, env: { PORT: 80, ON: true } },
    c: {
      ...task,
      schedule: ['@daily', '@reboot'],
      max: 'unlimited',
      limits: { cpu: 5, core: '0B' },
    },
  },
}

test('the JSON Schema names itself and its dialect', () => {
  expect(schema).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tasks file of torch',
    type: 'object',
    additionalProperties: false,
  })
})

test('the JSON Schema accepts a file that torch accepts', () => {
  expect(schemaChecker.safeParse(full)).toMatchObject({ success: true })
})

test('the JSON Schema requires a command or a script', () => {
  expect(schema).toMatchObject({
    properties: {
      tasks: {
        additionalProperties: { anyOf: [{ required: ['command'] }, { required: ['script'] }] },
      },
    },
  })
})

describe('the JSON Schema refuses', () => {
  test.each([
    ['an unknown key', { ...task, comand: 'x' }],
    ['a duration without a unit', { ...task, timeout: 30 }],
    ['a duration with another unit', { ...task, jitter: '30 seconds' }],
    ['a size without a unit', { ...task, output: { max_size: '10' } }],
    ['a max in letters', { ...task, max: 'three' }],
    ['an unknown overlap', { ...task, overlap: 'que' }],
    ['an unknown key in retry', { ...task, retry: { attempt: 1 } }],
    ['an unknown input', { ...task, input: 'tty' }],
    ['an unknown key in input', { ...task, input: { mod: 'live' } }],
    ['a sum that is too short', { ...task, script: { url: 'https://x', sha256: 'abc' } }],
    ['a script without a URL', { ...task, script: { update: 'never' } }],
    ['four addresses', { ...task, listen: [1, 2, 3, 4] }],
  ])('the JSON Schema refuses a bad file: %s', (_name, wrong) => {
    expect(schemaChecker.safeParse({ tasks: { a: wrong } })).toMatchObject({ success: false })
  })
})

test.each([
  ['timeout', '1h30m'],
  ['timeout', '10d500ms'],
  ['timeout', ''],
  ['timeout', '30m1h'],
  ['timeout', '1.5h'],
  ['timeout', '5M'],
  ['max_size', '1.5GiB'],
  ['max_size', '10 mb'],
  ['max_size', '10m'],
])('the JSON Schema and torch agree about %s: %s', (key, text) => {
  const isTimeout = key === 'timeout'
  const wanted = isTimeout ? parseDuration(text).ok : parseSize(text) !== undefined
  const setting = isTimeout ? { timeout: text } : { output: { max_size: text } }
  expect(schemaChecker.safeParse({ tasks: { a: { ...task, ...setting } } }).success).toBe(wanted)
})

test('the JSON Schema describes every key and shows no limits of JavaScript numbers', () => {
  const text = JSON.stringify(schema)
  expect(text).not.toContain(String(Number.MAX_SAFE_INTEGER))
  const { properties } = z
    .object({
      properties: z.object({
        tasks: z.object({
          additionalProperties: z.object({
            properties: z.record(z.string(), z.looseObject({ description: z.string() })),
          }),
        }),
      }),
    })
    .parse(schema)
  const known = Object.keys(properties.tasks.additionalProperties.properties)
  expect(known.toSorted()).toEqual(keysAt(['tasks', 'a']).toSorted())
})
