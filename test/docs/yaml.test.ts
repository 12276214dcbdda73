import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { fleetSettings } from '../../src/cli/args/fleet-section.ts'
import { optionNames } from '../../src/cli/args/options.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import { nextOf } from '../../src/schedule/due.ts'
import { localText } from '../../src/schedule/timezone.ts'
import { keysOfTask, tasksJsonSchema } from '../../src/tasks/file/json-schema.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import { formatProblem } from '../../src/tasks/file/problem.ts'
import { schemaChecker } from '../support/json-schema.ts'
import { root } from '../support/torch.ts'
import { after, blocks, codesIn, tableOf } from './pages.ts'
import { boundsOfAnyMachine } from '../../src/tasks/machine-bounds.ts'

function read(text: string) {
  return readTasks([{ path: 'tasks.yaml', text }], {
    zone: 'UTC',
    host: 'web1',
    machine: { names: ['web1'], addresses: [] },
    bounds: boundsOfAnyMachine,
    mayChangeUser: true,
    readCalendar: () => ({ ok: false, message: 'is not there' }),
    whyNoHeaders: () => undefined,
    readEnvFile: () => ({ ok: true, text: '' }),
    isAccount: () => true,
    folder: '/srv',
    digest: (definition) => definition,
    sha256: (sum) => sum,
  })
}

function taskOf(text: string) {
  const parsed = read(text)
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.file.tasks[0]
}

function definitionOf(text: string): string {
  return taskOf(text)?.definition ?? ''
}

describe('the tasks files of the pages', () => {
  test.each(blocks.filter((block) => block.language === 'yaml'))(
    '$place is valid, or has the problems shown below it',
    (block) => {
      const parsed = read(block.text)
      if (parsed.ok) {
        expect(parsed.warnings).toEqual([])
        return
      }
      const shown = parsed.problems.map(formatProblem).join('\n')
      const last = `torch: tasks.yaml is not valid (${parsed.problems.length} problems)`
      expect(after(block)?.text).toBe(`${shown}\n${last}\n`)
    },
  )

  test.each(blocks.filter((block) => block.language === 'yaml'))(
    '$place: the JSON Schema accepts it if and only if torch does',
    (block) => {
      expect(schemaChecker.safeParse(parse(block.text)).success).toBe(read(block.text).ok)
    },
  )

  test.each(blocks.filter((block) => block.language === 'yaml config'))(
    '$place: the keys of the config file are options, or the section fleet',
    ({ text }) => {
      const { fleet, ...rest } = parse(text) as { fleet?: unknown }
      const base = { folder: '/etc/torch', userHome: '/root' }
      if (fleet !== undefined) fleetSettings({ file: 'torch.yaml', base, value: fleet }, 'web1')
      const keys = Object.keys(rest)
      expect(keys.filter((key) => !(optionNames as readonly string[]).includes(key))).toEqual([])
      expect([...keys, fleet].filter((each) => each !== undefined)).not.toHaveLength(0)
    },
  )
})

describe('the reference of keys', () => {
  const withDefault = keysOfTask().flatMap(({ path: key, preset }) =>
    preset === null ? [] : [[key, preset] as const],
  )
  test.each(withDefault)('a task without %s has the default %s', (key, value) => {
    const [outer = '', inner] = key.split('.')
    // A key that stands only beside others, and those.
    const besides = {
      script: { url: 'https://x.example/a' },
      ready: { line: 'up' },
      after: { tasks: 'b' },
    }
    const beside = Object.entries(besides).find(([name]) => name === outer)?.[1] ?? {}
    const timed = { schedule: '@daily' }
    const type = outer === 'ready' ? { type: 'daemon' } : outer === 'after' ? {} : timed
    const isOfFleet = ['max_per_host', 'start_within', 'on_lost'].includes(outer)
    const scope = isOfFleet ? { scope: 'fleet', timezone: 'UTC' } : {}
    const own = inner === undefined ? parse(value) : { ...beside, [inner]: parse(value) }
    const task = (more: unknown) =>
      JSON.stringify({
        tasks: {
          a: { ...type, ...scope, command: 'true', [outer]: more },
          b: { ...timed, command: 'true' },
        },
      })
    const without = inner === undefined ? undefined : beside
    expect(withoutWritten(task(own))).toEqual(withoutWritten(task(without)))
  })

  test.each(['keep_runs: 21', 'keep_for: 8d', 'max_size: 11MB'])(
    'the definition of a task with %s differs from that with the defaults',
    (said) => {
      const task = `tasks: { a: { schedule: '@daily', command: 'true', output: { ${said} } } }`
      const plain = `tasks: { a: { schedule: '@daily', command: 'true' } }`
      expect(definitionOf(task)).not.toBe(definitionOf(plain))
    },
  )
})

/** The task without what it says exactly as it is written. */
function withoutWritten(text: string) {
  const task = taskOf(text)
  return { ...task, fleet: task?.fleet && { ...task.fleet, definition: '' } }
}

function compiled(text: string, zone: string) {
  const parsed = parseSchedule(text, { zone, seed: 'task@web1' })
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.schedule
}

describe('schedules', () => {
  const dialect = tableOf('docs/schedules.md', 'schedule', 'fires').flatMap((row) =>
    row.flatMap(codesIn),
  )
  test.each(dialect)('the schedule %s of the page is valid', (text) => {
    expect(compiled(text, 'UTC').text).toBe(text)
  })

  test.each(tableOf('docs/schedules.md', 'schedule', 'zone', 'day', 'fires at'))(
    '%s in %s on %s',
    (schedule, zone, day, times) => {
      const [text = '', name = ''] = [schedule, zone].flatMap(codesIn)
      const due = compiled(text, name)
      const slots: string[] = []
      let slot = Date.parse(`${day}T00:00:00Z`) / 1000 - 86_400
      while (slots.length < 200) {
        slot = nextOf([due], slot) ?? Infinity
        const local = localText(name, slot)
        if (local.slice(0, 10) > day) break
        if (local.startsWith(day)) slots.push(local.slice(11))
      }
      expect(slots.join(', ')).toBe(times)
    },
  )
})

test('tasks.schema.json is up to date; torch schema > tasks.schema.json rewrites it', () => {
  const file = fs.readFileSync(path.join(root, 'tasks.schema.json'), 'utf8')
  expect(file).toBe(`${JSON.stringify(tasksJsonSchema(), null, 2)}\n`)
})
