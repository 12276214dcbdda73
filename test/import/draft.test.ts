import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DraftKey, type DraftPart, writeDraft } from '../../src/import/draft.ts'
import { good } from '../support/tasks.ts'
import { fromCrontab, tasksOf } from './read.ts'

function write(body: readonly DraftPart[], defaults: readonly DraftKey[] = []): string {
  return writeDraft({ header: [], timezone: undefined, defaults, body })
}

/** How a task with this command is written, without its name and schedule. */
function written(command: string | readonly string[]): string {
  const keys = [
    { key: 'schedule', value: '@daily' },
    { key: 'command', value: command },
  ]
  const yaml = write([{ kind: 'task', name: 'x', keys }])
  const [task] = good(yaml).tasks
  expect(task?.command).toEqual(command)
  return yaml.slice(yaml.indexOf('    command:')).replaceAll(/^ {4}/gm, '')
}

describe('a written command', () => {
  test.each([
    ['/opt/x --a=b > /dev/null 2>&1', 'command: /opt/x --a=b > /dev/null 2>&1\n'],
    ['[ -x /a ] && /a', "command: '[ -x /a ] && /a'\n"],
    ['echo a: b', "command: 'echo a: b'\n"],
    ['echo a #b', "command: 'echo a #b'\n"],
    ['true', "command: 'true'\n"],
    ['7', "command: '7'\n"],
    ['"/opt/x"', 'command: \'"/opt/x"\'\n'],
    [`echo "it's"`, `command: echo "it's"\n`],
    [`[ "$a" = 'b' ] && c`, `command: |-\n  [ "$a" = 'b' ] && c\n`],
    ["'a' b", 'command: "\'a\' b"\n'],
    ['one\ntwo', 'command: |-\n  one\n  two\n'],
    ['one\n\n\n  two\n', 'command: |\n  one\n\n\n    two\n'],
    ['  one\ntwo', 'command: |2-\n    one\n  two\n'],
    ['one\\ ', "command: 'one\\ '\n"],
    ['a\tb', 'command: a\tb\n'],
    [`'a' "b"`, `command: |-\n  'a' "b"\n`],
  ])('the command %j is written as plainly as YAML allows', (command, yaml) => {
    expect(written(command)).toBe(yaml)
  })

  test.each([
    [['php', '/x.php'], 'command: [php, /x.php]\n'],
    [['x', '', '7', 'a b', 'c,d', "it's"], "command: [x, '', '7', a b, 'c,d', it's]\n"],
    [['x', 'long '.repeat(50)], `command: [x, '${'long '.repeat(50)}']\n`],
  ])('the command %j is written on one line', (command, yaml) => {
    expect(written(command)).toBe(yaml)
  })
})

describe('the rest of the file', () => {
  const keys = [
    { key: 'schedule', value: '@daily' },
    { key: 'command', value: 'x' },
  ]
  const task = { kind: 'task', name: 'x', keys } as const
  const blank = { kind: 'blank' } as const
  const note = { kind: 'comments', comments: ['# note'] } as const
  const none = { kind: 'comments', comments: [] } as const
  const head = '# yaml-language-server: $schema=tasks.schema.json\n\n'
  const lines = "  x:\n    schedule: '@daily'\n    command: x\n"

  test.each([
    ['nothing', [], 'tasks: {}\n'],
    ['comments alone', [blank, note, blank, blank, note, blank], '# note\n\n# note\n\ntasks: {}\n'],
    ['blank lines at the ends', [blank, task, blank], `tasks:\n${lines}`],
    ['many blank lines', [note, blank, none, blank, task], `tasks:\n  # note\n\n${lines}`],
    ['no blank lines', [note, task, note], `tasks:\n  # note\n${lines}  # note\n`],
  ])(
    'a draft with %s is written without needless blank lines',
    (_what, body: readonly DraftPart[], yaml) => {
      expect(write(body)).toBe(head + yaml)
    },
  )

  test('the header, the timezone and the defaults are written with their comments', () => {
    const env = { pairs: [{ key: 'A', value: '1', comments: ['# why'] }] }
    const timezone = { key: 'timezone', value: 'UTC', comments: ['# where'] }
    const defaults = [
      { key: 'max', value: 3, comments: ['# most'] },
      { key: 'env', value: env },
    ]
    expect(writeDraft({ header: ['# Top'], timezone, defaults, body: [task] })).toBe(`${head}# Top

# where
timezone: UTC

defaults:
  # most
  max: 3
  env:
    # why
    A: '1'

tasks:
${lines}`)
  })

  test.each(['null', 'true', '1', '1e3', '0x1', 'y', 'x.y'])(
    'a task may have the name %s',
    (name) => {
      expect(good(write([{ ...task, name }])).tasks[0]?.name).toBe(name)
    },
  )
})

describe('what is written can be read back', () => {
  const sign = fc.constantFrom(...'ab \t:#-?|>&*!%@`\'"\\{}[],=~$()<;/.0é日\u{1f600}\u00a0\u2028')
  const line = fc.array(sign, { minLength: 1, maxLength: 30 }).map((signs) => signs.join(''))
  const visible = line.filter((text) => /\S/.test(text))

  test('torch reads any command back as it was written', () => {
    fc.assert(
      fc.property(fc.array(visible, { minLength: 1, maxLength: 4 }), (parts) => {
        written(parts.join('\n'))
        written(parts)
      }),
      { numRuns: 300 },
    )
  })

  test('torch reads any variable and description back as they were written', () => {
    fc.assert(
      fc.property(line, line, (value, comment) => {
        const quote = value.includes('"') ? "'" : '"'
        fc.pre(!value.includes(quote))
        const result = fromCrontab(`A=${quote}${value}${quote}\n# x ${comment} x\n@daily x\n`)
        const [task] = tasksOf(result)
        expect(task?.env).toEqual({ A: value })
        expect(task?.description).toBe(`x ${comment} x`.replaceAll(/\s+/g, ' '))
      }),
      { numRuns: 300 },
    )
  })
})
