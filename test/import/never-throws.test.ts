import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { importCrontab } from '../../src/import/crontab/crontab.ts'
import { importGotorch } from '../../src/import/gotorch/gotorch.ts'
import type { Imported } from '../../src/import/imported.ts'
import { formatProblem } from '../../src/tasks/file/problem.ts'
import { parse } from '../support/tasks.ts'

/** Checks that the result is a valid tasks file with the stated number of tasks, or a refusal. */
function isSound(imported: Imported): void {
  if (!imported.ok) {
    expect(imported.problems.map(formatProblem)).not.toEqual([])
    return
  }
  const parsed = parse(imported.yaml, { mayChangeUser: true })
  if (!parsed.ok)
    throw new Error(`${parsed.problems.map(formatProblem).join('\n')}\n${imported.yaml}`)
  expect(parsed.file.tasks).toHaveLength(imported.tasks)
  for (const { line, message } of imported.warnings) {
    expect(line).toBeGreaterThan(0)
    // No control character reaches the terminal.
    expect(message).not.toMatch(/[^\P{Cc}]/u)
  }
}

/** Pieces with a meaning for cron, for YAML or for a terminal. */
const piece = fc.constantFrom(
  ...['\n', '\n', '\r\n', ' ', '\t', '* * * * * ', '*/5 1-3 * jan mon ', '@daily ', '@reboot\t'],
  ...['#', '# ', 'A=', 'PATH = ', 'SHELL=/bin/', 'HOME=/', 'MAILTO=', 'CRON_TZ=', 'UTC', 'X="'],
  ...['root ', 'true', 'null', '1.10', '~', '-', '- ', '? ', ': ', '&a', '*a', '!', '|', '>', '%'],
  ...["'", '"', '\\', '{', '}', '[', ']', ',', '`', '$(', ')', '\u0000', '\u001b[31m', '\u007f'],
  ...['\ufffd', '\ufeff', '\u0085', '\u2028', '\u00a0', '\ud800', '日本', '10~30', '---', '...'],
  ...['<<', 'EOF', 'RANDOM_DELAY=', '7', '__proto__', 'constructor', 'x'.repeat(200)],
)
const soup = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))

describe('an import of any text', () => {
  test('any crontab becomes a valid tasks file or is refused', () => {
    const text = fc.oneof(soup, fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(text, fc.boolean(), (crontab, system) =>
        isSound(importCrontab({ path: 'crontab', text: crontab }, { system })),
      ),
      { numRuns: 1500 },
    )
  })

  const times = fc
    .array(fc.constantFrom('*', '*/2', '*/7', '0', '1-5', '7', '31', 'jan', '', '*5', '5/2'), {
      minLength: 5,
      maxLength: 7,
    })
    .map((fields) => fields.join(' '))
  const task = fc.record(
    {
      Command: fc.oneof(soup, fc.constantFrom('php /x.php', 'a  b', ' a')),
      TaskType: fc.constantFrom('common', 'daemon', 'Daemon', '', null, 1),
      times,
      Max: fc.constantFrom(0, 1, 5, -1, 1.5, '3', null, 1e300),
      Ips: fc.oneof(
        fc.array(fc.constantFrom('10.0.0.1', '::1', 'web', '10.0.0.0/8', '!x', '\u001b')),
        fc.constant(null),
      ),
      [`__proto__`]: fc.boolean(),
      x: fc.anything(),
    },
    { requiredKeys: [] },
  )

  test('any JSON file of gotorch becomes a valid tasks file or is refused', () => {
    const file = fc.oneof(fc.array(task, { maxLength: 4 }), fc.anything())
    fc.assert(
      fc.property(file, (tasks) => {
        const text = JSON.stringify(tasks, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        )
        isSound(importGotorch({ path: 'task.json', text: text ?? '' }))
      }),
      { numRuns: 600 },
    )
  })

  test('a gotorch file that is not JSON is refused', () => {
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) =>
        isSound(importGotorch({ path: 'task.json', text })),
      ),
      { numRuns: 300 },
    )
  })
})

// Regular expressions with a quadratic cost would run into the timeout here.
test('the worst large files are imported or refused', () => {
  const worst = [
    '@daily x\n'.repeat(3_000),
    Array.from({ length: 3_000 }, (_, at) => (at % 2 ? '@daily x\n' : `V${at}=${at}\n`)).join(''),
    `@daily ${'%'.repeat(30_000)}\n`,
    `@daily ${"'".repeat(30_000)}\n`,
    `@daily ${'$('.repeat(15_000)}\n`,
    `@daily ${'\\'.repeat(30_000)}\n`,
    `${'#'.repeat(900_000)}\n`,
    `A="${'x'.repeat(900_000)}\n`,
    `${'*,'.repeat(400_000)}* * * * * x\n`,
    `${'# a b c d\n'.repeat(9000)}@daily x\n`,
  ]
  for (const text of worst) {
    const imported = importCrontab({ path: 'crontab', text }, { system: false })
    expect(imported.ok ? imported.yaml.length : imported.problems.length).toBeGreaterThan(0)
  }
  const deep = ['['.repeat(500_000), `["${'\\u0041'.repeat(150_000)}`, `[${'1,'.repeat(400_000)}1]`]
  for (const text of deep) expect(importGotorch({ path: 'task.json', text }).ok).toBe(false)
})
