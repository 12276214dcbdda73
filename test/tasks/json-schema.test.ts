import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tasksJsonSchema } from '../../src/tasks/json-schema.ts'
import { keysAt } from '../../src/tasks/schema.ts'

const schema = tasksJsonSchema()
const checker = z.fromJSONSchema(JSON.parse(JSON.stringify(schema)))

const task = { schedule: '@daily', command: 'run' }
const full = {
  timezone: 'Asia/Shanghai',
  hosts: { web: ['10.0.1.0/24'] },
  defaults: { timeout: '1h' },
  tasks: {
    a: { ...task, hosts: ['web', '!10.0.1.9'], retry: { attempts: 3, delay: '1m' }, umask: '022' },
    b: { type: 'daemon', command: ['node', 'x.js'], max: 4, env: { PORT: 80, ON: true } },
    c: {
      ...task,
      schedule: ['@daily', '@reboot'],
      max: 'unlimited',
      limits: { cpu: 5, core: '0B' },
    },
  },
}

test('has a name and a dialect', () => {
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tasks file of torch',
    type: 'object',
    additionalProperties: false,
  })
})

test('accepts what torch accepts', () => {
  expect(checker.safeParse(full)).toMatchObject({ success: true })
})

describe('refuses', () => {
  test.each([
    ['an unknown key', { ...task, comand: 'x' }],
    ['no command', { schedule: '@daily' }],
    ['a duration without a unit', { ...task, timeout: 30 }],
    ['max in letters', { ...task, max: 'three' }],
    ['overlap', { ...task, overlap: 'que' }],
    ['a key of retry', { ...task, retry: { attempt: 1 } }],
  ])('%s', (_name, wrong) => {
    expect(checker.safeParse({ tasks: { a: wrong } })).toMatchObject({ success: false })
  })
})

test('describes every key, and bounds nothing by the numbers of JavaScript', () => {
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
