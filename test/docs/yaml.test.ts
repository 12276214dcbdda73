import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { optionNames } from '../../src/cli/args/options.ts'
import { parseSchedule } from '../../src/schedule/parse.ts'
import { nextOf } from '../../src/schedule/due.ts'
import { localText } from '../../src/schedule/timezone.ts'
import { tasksJsonSchema } from '../../src/tasks/file/json-schema.ts'
import { keysOfFile, keysOfTask } from '../../src/tasks/file/json-schema.ts'
import { readTasks } from '../../src/tasks/file/read.ts'
import { formatProblem } from '../../src/tasks/file/problem.ts'
import { root } from '../support/torch.ts'
import { after, blocks, codesIn, tableOf } from './readme.ts'

function read(text: string) {
  return readTasks([{ path: 'tasks.yaml', text }], {
    zone: 'UTC',
    host: 'web1',
    machine: { names: ['web1'], addresses: [] },
    mayChangeUser: true,
    readEnvFile: () => ({ ok: true, text: '' }),
    isAccount: () => true,
    folder: '/srv',
    digest: (definition) => definition,
  })
}

function definitionOf(text: string): string {
  const parsed = read(text)
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'))
  return parsed.file.tasks[0]?.definition ?? ''
}

describe('the tasks files of the README', () => {
  test.each(blocks.filter((block) => block.language === 'yaml'))(
    'line $line: is valid, or wrong in the words below it',
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

  const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(tasksJsonSchema())))
  test.each(blocks.filter((block) => block.language === 'yaml'))(
    'line $line: an editor finds it as right or wrong as torch does',
    (block) => {
      expect(schema.safeParse(parse(block.text)).success).toBe(read(block.text).ok)
    },
  )

  test.each(blocks.filter((block) => block.language === 'yaml config'))(
    'line $line: a config file has options as keys',
    ({ text }) => {
      const keys = Object.keys(parse(text) as object)
      expect(keys.filter((key) => !(optionNames as readonly string[]).includes(key))).toEqual([])
      expect(keys).not.toHaveLength(0)
    },
  )
})

describe('the tables of keys', () => {
  const rows = tableOf('key', 'value', 'default', 'meaning')

  // What an editor shows, and the manual, is what stands here: see src/tasks/schema.ts.
  test('say of every key of a task what the schema says', () => {
    const keys = keysOfTask().map((key) => [key.path, key.form, key.preset ?? '', key.meaning])
    expect(rows.map((row) => toldOf(row))).toEqual(keys)
  })

  test('say of every key of the file what the schema says', () => {
    const keys = keysOfFile().map((key) => [key.path, key.form, key.meaning])
    expect(tableOf('key', 'value', 'meaning').map((row) => toldOf(row))).toEqual(keys)
  })

  const withDefault = rows.flatMap(([key = '', , value = '']) =>
    value === '' ? [] : [[codesIn(key)[0] ?? '', codesIn(value)[0] ?? '']],
  )
  test.each(withDefault)('%s is %s where nothing is said', (key, value) => {
    const [outer = '', inner] = key.split('.')
    const said = inner === undefined ? `${outer}: ${value}` : `${outer}: { ${inner}: ${value} }`
    const task = (more: string) =>
      `tasks:\n  a:\n    schedule: '@daily'\n    command: 'true'\n${more}`
    expect(definitionOf(task(`    ${said}\n`))).toBe(definitionOf(task('')))
  })

  test.each(['keep_runs: 21', 'keep_for: 8d', 'max_size: 11MB'])(
    'a definition tells defaults from %s',
    (said) => {
      const task = `tasks: { a: { schedule: '@daily', command: 'true', output: { ${said} } } }`
      const plain = `tasks: { a: { schedule: '@daily', command: 'true' } }`
      expect(definitionOf(task)).not.toBe(definitionOf(plain))
    },
  )
})

/** A row without links, and without backticks but in its last cell. */
function toldOf(row: readonly string[]): string[] {
  const texts = row.map((cell) => cell.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1'))
  return texts.map((cell, column) => (column === row.length - 1 ? cell : cell.replaceAll('`', '')))
}

function compiled(text: string, zone: string) {
  const parsed = parseSchedule(text, { zone, seed: 'task@web1' })
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.schedule
}

describe('schedules', () => {
  const dialect = tableOf('schedule', 'fires').flatMap((row) => row.flatMap(codesIn))
  test.each(dialect)('%s is one', (text) => {
    expect(compiled(text, 'UTC').text).toBe(text)
  })

  test.each(tableOf('schedule', 'zone', 'day', 'fires at'))(
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

test('tasks.schema.json is the schema: renew it with torch schema > tasks.schema.json', () => {
  const file = fs.readFileSync(path.join(root, 'tasks.schema.json'), 'utf8')
  expect(file).toBe(`${JSON.stringify(tasksJsonSchema(), null, 2)}\n`)
})
